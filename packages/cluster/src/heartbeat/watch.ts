import type { Millis, PeerId, Role } from '@muster/ports';
import type { ProbeOutcome } from '../links/probe.js';
import type { HeartbeatOptions } from './options.js';
import type { DeathCause } from './protocol.js';

/** How the leader sees one member (protocol.ts). */
export type Phase = 'joining' | 'up' | 'suspect' | 'silent' | 'dead';

/** Why a member's replicated shards may go on elsewhere although it is not known to be dead. */
export type GivenUp = 'refused' | 'silent' | 'ordered';

/** The leader's watch over one member. */
export interface Watch {
  readonly peer: PeerId;
  readonly role: Role;
  /** Where it listens; empty: it cannot be probed. */
  readonly address: string;
  readonly phase: Phase;
  readonly linked: boolean;
  /** Its last beat, or when the timers were started anew. */
  readonly heardAt: Millis;
  /** Silence that kills it: longer for one that was never heard. */
  readonly patienceMs: Millis;
  /** Not dead by silence before this (K6). */
  readonly mercyUntil: Millis;
  /** No verdict by silence before this: nothing could be done about it. */
  readonly sparedUntil: Millis;
  /** When it was last given much to do at once. */
  readonly ladenAt: Millis;
  /** Its replicated shards are not waited for any more, and why; undefined: they are. */
  readonly givenUp: GivenUp | undefined;
  /** When the observer itself was refused, in the round that is under way. */
  readonly refusedAt: Millis | undefined;
  /** Of the last round of probes. */
  readonly round: number;
  readonly probedAt: Millis;
  /** Witnesses of the round that have not said "refused" yet; undefined: no round is under way. */
  readonly waitsFor: readonly string[] | undefined;
}

export type WatchInput =
  | { readonly type: 'beat' }
  | { readonly type: 'linked' }
  | { readonly type: 'unlinked' }
  /** `spared`: silence does not count, and for which verdict. */
  | { readonly type: 'tick'; readonly spared?: Spared | undefined }
  /** It was just given so much to do that its next beats may come late. */
  | { readonly type: 'laden' }
  /** The observer itself did not run for so long. */
  | { readonly type: 'stalled'; readonly ms: Millis }
  /** After a take-over or an outage of the store silence counts from now; `mercyMs`: and nobody is dead by it for so long. */
  | { readonly type: 'restart'; readonly mercyMs: Millis }
  /** No verdict by silence for so long: while the store is away none could be acted on. */
  | { readonly type: 'spare'; readonly ms: Millis }
  | { readonly type: 'probed'; readonly round: number; readonly witness: string; readonly outcome: ProbeOutcome }
  /** Another incarnation has its name (K3). */
  | { readonly type: 'replaced' }
  /** It said that it goes, and its registration is gone. */
  | { readonly type: 'left' }
  /** An operator says that it never comes back. */
  | { readonly type: 'forgotten' }
  /** An operator who broke the glass does not wait for it any longer. */
  | { readonly type: 'given-up' };

export type WatchEffect =
  | { readonly type: 'probe'; readonly round: number; readonly witnesses: readonly string[] }
  | { readonly type: 'phase'; readonly phase: Phase; readonly before: Phase }
  /** Its backups may take over, and it is nobody's backup any more. */
  | { readonly type: 'promote'; readonly cause: GivenUp; readonly silentMs: Millis }
  /** It was given up and is heard again. */
  | { readonly type: 'back' }
  /** What it alone has may be placed again. */
  | { readonly type: 'dead'; readonly cause: DeathCause; readonly silentMs: Millis };

/** `death`: it may be given up, which can be taken back, and is not dead by silence. `all`: neither (mass-silence.ts). */
export type Spared = 'death' | 'all';

export interface WatchStep {
  readonly state: Watch;
  readonly effects: readonly WatchEffect[];
}

/** What the observer knows when a step is made. */
export interface Observer {
  readonly now: Millis;
  /** Who can be asked right now, itself first; never the member in question. */
  readonly witnesses: readonly string[];
  readonly options: HeartbeatOptions;
}

export interface NewWatch {
  readonly peer: PeerId;
  readonly role: Role;
  readonly address: string;
  readonly linked: boolean;
  /** Has just registered: may take its time to be heard. Otherwise it was there before us, or should have been. */
  readonly newcomer: boolean;
}

export function newWatch(member: NewWatch, { now, options }: Pick<Observer, 'now' | 'options'>): Watch {
  const { peer, role, address, linked, newcomer } = member;
  return {
    peer,
    role,
    address,
    phase: 'joining',
    linked,
    heardAt: now,
    patienceMs: newcomer ? options.joinPatienceMs : options.placeAgainMs,
    mercyUntil: now,
    sparedUntil: now,
    ladenAt: Number.NEGATIVE_INFINITY,
    givenUp: undefined,
    refusedAt: undefined,
    round: 0,
    probedAt: now,
    waitsFor: undefined,
  };
}

export function stepWatch(state: Watch, input: WatchInput, observer: Observer): WatchStep {
  if (state.phase === 'dead') return { state, effects: [] };
  switch (input.type) {
    case 'beat':
      return heard(state, observer);
    case 'linked':
      return { state: { ...state, linked: true, refusedAt: undefined }, effects: [] };
    case 'unlinked':
      return state.linked ? probe({ ...state, linked: false }, observer) : { state, effects: [] };
    case 'stalled':
      return { state: { ...state, heardAt: Math.min(observer.now, state.heardAt + input.ms) }, effects: [] };
    case 'spare':
      return { state: { ...state, sparedUntil: Math.max(state.sparedUntil, observer.now + input.ms) }, effects: [] };
    case 'restart':
      return restart(state, input.mercyMs, observer);
    case 'probed':
      return probed(state, input, observer);
    case 'replaced':
    case 'left':
    case 'forgotten':
      return die(state, input.type, observer.now);
    case 'given-up':
      return givenUpByOrder(state, observer);
    case 'laden':
      return { state: { ...state, ladenAt: observer.now }, effects: [] };
    case 'tick':
      return tick(state, input.spared, observer);
  }
}

/** Only of one that is late: whoever beats takes the verdict back at once. No fence is passed by it, as by any verdict that may be wrong. */
function givenUpByOrder(state: Watch, { now }: Observer): WatchStep {
  const isLate = state.phase === 'suspect' || state.phase === 'silent';
  if (!isLate || state.givenUp) return { state, effects: [] };
  const promote: WatchEffect = { type: 'promote', cause: 'ordered', silentMs: now - state.heardAt };
  return { state: { ...state, givenUp: 'ordered' }, effects: [promote] };
}

function heard(state: Watch, { now, options }: Observer): WatchStep {
  const { placeAgainMs: patienceMs } = options;
  const quiet = { waitsFor: undefined, refusedAt: undefined, givenUp: undefined };
  return {
    state: { ...state, ...quiet, heardAt: now, patienceMs, phase: 'up' },
    effects: [...entered(state, 'up'), ...back(state)],
  };
}

function restart(state: Watch, mercyMs: Millis, observer: Observer): WatchStep {
  const { now } = observer;
  const phase: Phase = state.phase === 'joining' ? 'joining' : 'up';
  // A second restart does not shorten the mercy of the first.
  const mercyUntil = Math.max(state.mercyUntil, now + mercyMs);
  const next: Watch = {
    ...state,
    phase,
    heardAt: now,
    mercyUntil,
    sparedUntil: now,
    givenUp: undefined,
    refusedAt: undefined,
  };
  // Whoever has no link at this moment may have died under the leader before us: ask at once.
  const asked = next.linked ? { state: next, effects: [] } : probe(next, observer);
  return { state: asked.state, effects: [...entered(state, phase), ...back(state), ...asked.effects] };
}

function tick(state: Watch, sparedBy: Spared | undefined, observer: Observer): WatchStep {
  const { now, options } = observer;
  const silence = now - state.heardAt;
  const spared = now < state.sparedUntil || sparedBy === 'all';
  const isOver = silence >= patience(state, options) && now >= state.mercyUntil;
  if (isOver && !spared && sparedBy !== 'death') return die(state, 'silent', now);
  const phase = state.phase === 'joining' ? 'joining' : phaseAfter(silence, options);
  const verdict = state.givenUp ?? verdictOn(state, silence, spared, observer);
  const next: Watch = { ...state, phase, givenUp: verdict };
  const promote: WatchEffect[] =
    verdict && !state.givenUp ? [{ type: 'promote', cause: verdict, silentMs: silence }] : [];
  const asks = (!state.linked || silence >= options.suspectMs) && now - state.probedAt >= options.probeEveryMs;
  const open = state.waitsFor !== undefined && now - state.probedAt < options.probeRoundMs;
  const asked = asks && !open ? probe(next, observer) : { state: next, effects: [] };
  return { state: asked.state, effects: [...entered(state, phase), ...promote, ...asked.effects] };
}

/** No mercy here (K6 is about members without a second place): a former owner can let nothing out without its backup. */
function verdictOn(state: Watch, silence: Millis, spared: boolean, { now, options }: Observer): GivenUp | undefined {
  const { witnessMs, placeAgainMs, silentMs } = options;
  if (!state.linked && state.refusedAt !== undefined && now - state.refusedAt >= witnessMs) return 'refused';
  return silence >= patience(state, options) - (placeAgainMs - silentMs) && !spared ? 'silent' : undefined;
}

/** Once for each silence, however much it was given: its own busy second is not its death. */
function patience({ patienceMs, heardAt, ladenAt }: Watch, { ladenMercyMs }: HeartbeatOptions): Millis {
  return heardAt <= ladenAt + ladenMercyMs ? patienceMs + ladenMercyMs : patienceMs;
}

function phaseAfter(silence: Millis, options: HeartbeatOptions): Phase {
  if (silence < options.suspectMs) return 'up';
  return silence < options.silentMs ? 'suspect' : 'silent';
}

function probe(state: Watch, { now, witnesses }: Observer): WatchStep {
  if (state.address === '' || witnesses.length === 0) return { state, effects: [] };
  const round = state.round + 1;
  return {
    state: { ...state, round, probedAt: now, waitsFor: witnesses, refusedAt: undefined },
    effects: [{ type: 'probe', round, witnesses }],
  };
}

function probed(
  state: Watch,
  answer: Extract<WatchInput, { type: 'probed' }>,
  { now, witnesses }: Observer,
): WatchStep {
  if (answer.round !== state.round || !state.waitsFor) return { state, effects: [] };
  const gone = answer.outcome === 'refused' || answer.outcome === 'other-incarnation';
  // Somebody reached it: it lives, and only silence counts.
  if (!gone) return { state: { ...state, waitsFor: undefined, refusedAt: undefined }, effects: [] };
  const refusedAt = answer.witness === witnesses[0] ? now : state.refusedAt;
  const waitsFor = state.waitsFor.filter((witness) => witness !== answer.witness);
  // A link that stands outweighs refusals: they may have come from an address that is only unreachable for some.
  if (waitsFor.length > 0 || state.linked) return { state: { ...state, waitsFor, refusedAt }, effects: [] };
  return die(state, 'refused', now);
}

function die(state: Watch, cause: DeathCause, now: Millis): WatchStep {
  return {
    state: { ...state, phase: 'dead', waitsFor: undefined },
    effects: [{ type: 'dead', cause, silentMs: now - state.heardAt }],
  };
}

function back({ givenUp }: Watch): WatchEffect[] {
  return givenUp ? [{ type: 'back' }] : [];
}

function entered(state: Watch, phase: Phase): WatchEffect[] {
  return phase === state.phase ? [] : [{ type: 'phase', phase, before: state.phase }];
}
