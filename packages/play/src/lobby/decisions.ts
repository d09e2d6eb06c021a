// What a boss decides and several players vote on, and what becomes of a vote.
import { unixTime, type VoteAction } from '@muster/tachyon';
import { banned } from './bans.js';
import { appointed, mayNotBeBoss, sayOf } from './bosses.js';
import { removed } from './members.js';
import type { LobbyOptions } from './options.js';
import { settled } from './seats.js';
import { invalid, isMember, type Lobby, type Ruling, withDetails } from './state.js';
import { closeVote, openVote, verdictOf } from './votes.js';

/** When a rule is asked, and under which limits. */
export interface Circumstances {
  readonly now: number;
  readonly options: LobbyOptions;
}

export function appointBoss(lobby: Lobby, by: string, bossId: string, at: Circumstances): Ruling {
  const problem = mayNotBeBoss(lobby.details, bossId);
  if (problem) return problem;
  if (Object.hasOwn(lobby.details.bosses, bossId)) return lobby;
  return decideOrVote(lobby, by, { type: 'appointBoss', bossId }, at);
}

/** `banUntil` in microseconds; absent or past: a kick only. */
export function kickban(
  lobby: Lobby,
  by: string,
  { userId, banUntil }: { readonly userId: string; readonly banUntil?: number },
  at: Circumstances,
): Ruling {
  if (userId === by) return invalid('leave the lobby instead');
  if (!isMember(lobby.details, userId)) return invalid('this user is not in the lobby');
  const isBan = banUntil !== undefined && banUntil > unixTime(at.now);
  return decideOrVote(lobby, by, { type: 'kickban', userId, ...(isBan && { banUntil }) }, at);
}

/** The vote's time is up, if it is still this one. */
export function voteTimedOut(lobby: Lobby, id: string, { now }: Circumstances): Lobby {
  return lobby.details.currentVote?.id === id ? closeVote(lobby, 'timeout', now) : lobby;
}

/** Ends every turn: a vote that is decided is carried out, and whoever waits sits down where there is room. */
export function concluded(lobby: Lobby, at: Circumstances): Lobby {
  const vote = lobby.details.currentVote;
  const verdict = vote && verdictOf(vote);
  if (!vote || !verdict) return settled(lobby);
  const closed = closeVote(lobby, verdict, at.now);
  return settled(verdict === 'passed' ? carriedOut(closed, vote.action, at) : closed);
}

function decideOrVote(lobby: Lobby, by: string, action: VoteAction, at: Circumstances): Ruling {
  const say = sayOf(lobby.details, by);
  if (say === 'decides') return carriedOut(lobby, action, at);
  if (say !== 'votes') return invalid(say.refuse);
  return openVote(lobby, by, action, { now: at.now, voteMs: at.options.voteMs });
}

/** What was decided may be impossible by now: then nothing happens. */
function carriedOut(lobby: Lobby, action: VoteAction, { now, options }: Circumstances): Lobby {
  switch (action.type) {
    case 'changeMap':
      return withDetails(lobby, { mapName: action.newMapName });
    case 'appointBoss':
      return mayNotBeBoss(lobby.details, action.bossId) ? lobby : appointed(lobby, action.bossId);
    case 'kickban': {
      const kept = banned(lobby, action.userId, action.banUntil, now, options.bansMax);
      return removed(kept, action.userId, now);
    }
    case 'start':
      // Starting is nobody's to refuse, so no such vote is ever opened.
      return lobby;
  }
}
