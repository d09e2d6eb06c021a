// What the list of lobbies hears: every change within a second, at most one a second, and now and then the same again, as it forgets.
//
//   told ── changed, long ago ──► told (unanswered) ── answered ──► told
//    │ └─── changed, just now, or unanswered ──► old ── timer, or the answer ──► told (unanswered)
//    └── beat ──► told (unanswered)
//
// One at a time: a part of the list that is away must not fill the lobby's outbox. Should its answer be lost with it, the send is repeated.
import type { Send, TimerChange } from '@muster/runtime';
import { type LobbyListCommands, listPartOf } from '../lobby-list/contract.js';
import { isSameLine, lineOf } from './overview.js';
import { type Listed, type Lobby, withInside } from './state.js';

/** Least time between two lines of one lobby, and the longest. The list forgets what it has not heard of for a few beats. */
const LINE_MS = 1_000;
const BEAT_MS = 10_000;

export const LIST_TIMER = 'list';

export interface Listing {
  readonly lobby: Lobby;
  readonly sends: readonly Send[];
  readonly timers: readonly TimerChange[];
}

/** A turn has made `after` of `before` (null: a lobby that begins). */
export function afterChange(before: Lobby | null, after: Lobby, now: number): Listing {
  const { listed } = after.inside;
  if (!before || !listed) return told(after, now);
  if (isSameLine(before, after) || listed.isOld) return silent(after);
  if (!listed.unanswered && now >= listed.at + LINE_MS) return told(after, now);
  return {
    lobby: withListed(after, { ...listed, isOld: true }),
    sends: [],
    timers: listed.unanswered ? [] : [timerAt(listed.at + LINE_MS)],
  };
}

/** The timer: something changed, or it is time for the same again. */
export function listDue(lobby: Lobby, now: number): Listing {
  return lobby.inside.listed?.unanswered ? silent(lobby) : told(lobby, now);
}

/** The list has heard the last line. */
export function listHeard(lobby: Lobby, now: number): Listing {
  const { listed } = lobby.inside;
  if (!listed?.unanswered) return silent(lobby);
  const heard = withListed(lobby, { ...listed, unanswered: false });
  // A line that there is not need not be said again.
  if (!listed.isOld && !lineOf(lobby)) return silent(heard);
  const at = listed.at + (listed.isOld ? LINE_MS : BEAT_MS);
  return { lobby: heard, sends: [], timers: [timerAt(Math.max(now, at))] };
}

/** The lobby is no more. */
export function unlisted({ details }: Lobby): readonly Send[] {
  return [{ to: listPartOf(details.id), command: 'listed', data: { overview: null } }];
}

function told(lobby: Lobby, now: number): Listing {
  const data: LobbyListCommands['listed']['data'] = { overview: lineOf(lobby) };
  return {
    lobby: withListed(lobby, { at: now, unanswered: true, isOld: false }),
    sends: [{ to: listPartOf(lobby.details.id), command: 'listed', data, answer: 'listAnswered' }],
    timers: [{ name: LIST_TIMER, at: null }],
  };
}

function silent(lobby: Lobby): Listing {
  return { lobby, sends: [], timers: [] };
}

function timerAt(at: number): TimerChange {
  return { name: LIST_TIMER, at, command: 'listDue' };
}

function withListed(lobby: Lobby, listed: Listed): Lobby {
  return withInside(lobby, { listed });
}
