import type { Millis } from '@muster/ports';
import type { HeartbeatOptions } from './options.js';

/** A member's side of the heartbeat (protocol.ts). One for all coordinators: each beat goes to all of them under one number. */
export interface MemberBeats {
  /** Highest epoch seen; acknowledgements and tables of older ones do not count (fence 3). */
  readonly epoch: number;
  readonly leader: string;
  /** Of the last beat. */
  readonly number: number;
  /** Send times of the last beats, oldest first; the last is `number`'s. As many as fit in `selfFenceMs`: older ones could not help. */
  readonly sentAt: readonly Millis[];
  /** When the beat was sent that got the last good acknowledgement. */
  readonly goodAt: Millis;
  readonly frozen: boolean;
}

export type MemberInput =
  /** Time to beat. */
  | { readonly type: 'beat' }
  /** Only look whether the fence has run out: before a batch of work. */
  | { readonly type: 'check' }
  | {
      readonly type: 'ack';
      readonly from: string;
      readonly epoch: number;
      readonly number: number;
      readonly leads: boolean;
      readonly goodForMs: Millis;
    }
  /** Something else of this epoch came from its leader. */
  | { readonly type: 'epoch'; readonly from: string; readonly epoch: number };

export type MemberEffect =
  | { readonly type: 'beat'; readonly number: number }
  | { readonly type: 'freeze'; readonly sinceMs: Millis }
  | { readonly type: 'thaw' }
  | { readonly type: 'leader'; readonly leader: string; readonly epoch: number };

export interface MemberStep {
  readonly state: MemberBeats;
  readonly effects: readonly MemberEffect[];
}

/** A new process owns nothing, so it may start unfrozen: what it is given comes with an acknowledgement. */
export function newMember(now: Millis): MemberBeats {
  return { epoch: 0, leader: '', number: 0, sentAt: [], goodAt: now, frozen: false };
}

/** The self-fence (4): so long after the sending of the last beat that was acknowledged well nothing ungated may run. */
export function hasRunOut(sinceGoodMs: Millis, { selfFenceMs }: HeartbeatOptions): boolean {
  return sinceGoodMs >= selfFenceMs;
}

export function stepMember(
  state: MemberBeats,
  input: MemberInput,
  now: Millis,
  options: HeartbeatOptions,
  isFenced: typeof hasRunOut = hasRunOut,
): MemberStep {
  const next = stepped(state, input, now, options);
  const sinceMs = now - next.state.goodAt;
  const frozen = isFenced(sinceMs, options);
  if (frozen === next.state.frozen) return next;
  const change: MemberEffect = frozen ? { type: 'freeze', sinceMs } : { type: 'thaw' };
  return { state: { ...next.state, frozen }, effects: [...next.effects, change] };
}

function stepped(state: MemberBeats, input: MemberInput, now: Millis, options: HeartbeatOptions): MemberStep {
  switch (input.type) {
    case 'beat':
      return { state: beat(state, now, options), effects: [{ type: 'beat', number: state.number + 1 }] };
    case 'check':
      return { state, effects: [] };
    case 'epoch':
      return follow(state, input.from, input.epoch);
    case 'ack':
      return acknowledged(state, input);
  }
}

/** Whether an epoch's word still counts. */
export function isCurrent(state: MemberBeats, epoch: number): boolean {
  return epoch >= state.epoch;
}

function acknowledged(state: MemberBeats, ack: Extract<MemberInput, { type: 'ack' }>): MemberStep {
  if (!ack.leads || !isCurrent(state, ack.epoch)) return { state, effects: [] };
  const { state: led, effects } = follow(state, ack.from, ack.epoch);
  // Send time, not receive time: the acknowledgement may have waited in our own socket while we were stopped.
  const sentAt = led.sentAt[led.sentAt.length - 1 - (led.number - ack.number)];
  if (ack.goodForMs <= 0 || sentAt === undefined || sentAt <= led.goodAt) return { state: led, effects };
  return { state: { ...led, goodAt: sentAt }, effects };
}

function beat(state: MemberBeats, now: Millis, options: HeartbeatOptions): MemberBeats {
  const kept = Math.ceil(options.selfFenceMs / options.beatMs) + 1;
  return { ...state, number: state.number + 1, sentAt: [...state.sentAt, now].slice(-kept) };
}

function follow(state: MemberBeats, from: string, epoch: number): MemberStep {
  if (!isCurrent(state, epoch) || (epoch === state.epoch && from === state.leader)) return { state, effects: [] };
  return { state: { ...state, epoch, leader: from }, effects: [{ type: 'leader', leader: from, epoch }] };
}
