// A room's line in the list of rooms: every change within a second, one line a second at most, and now and then the same again, as the list
// forgets. One at a time: a list that is away must not fill the room's outbox.
//
//   told ── members came or went ──► old ── timer ──► telling ── answered ──► told ── timer (beat) ──► telling
import { type DecideContext, event, type TimerChange } from '@muster/runtime';
import { roomList } from './contract.js';
import type { RoomOptions } from './options.js';
import { type Decided, exists, memberCount, type RoomState } from './state.js';

const LINE_TIMER = 'line';

/** The number of members changes in this turn. */
export function lineAfter({ line }: RoomState, ctx: DecideContext, { lineMs }: RoomOptions): Decided {
  if (line.isOld) return {};
  return {
    events: [event('lineChanged', { ...line, isOld: true })],
    timers: line.telling ? [] : [timerAt(ctx.now + lineMs)],
  };
}

/** @param count members; 0: the room has ended */
export function lineTold(count: number): Decided {
  return {
    events: [event('lineChanged', { telling: true, isOld: false })],
    sends: [{ to: roomList(), command: 'listed', data: { memberCount: count }, answer: 'lineHeard' }],
    timers: [{ name: LINE_TIMER, at: null }],
  };
}

export function lineDue(state: RoomState): Decided {
  return exists(state) && !state.line.telling ? lineTold(memberCount(state)) : {};
}

/** The list has heard the last line, or could not. */
export function lineHeard(state: RoomState, ctx: DecideContext, { lineMs, beatMs }: RoomOptions): Decided {
  if (!exists(state) || !state.line.telling) return {};
  const { isOld } = state.line;
  return {
    events: [event('lineChanged', { telling: false, isOld })],
    timers: [timerAt(ctx.now + (isOld ? lineMs : beatMs))],
  };
}

function timerAt(at: number): TimerChange {
  return { name: LINE_TIMER, at, command: 'lineDue', data: null };
}
