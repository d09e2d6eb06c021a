import { bannedUntil } from './bans.js';
import { atTheBack, firstWaiting, isWaiting, watching } from './join-queue.js';
import type { LobbyOptions } from './options.js';
import { allyTeamOf, isFull, seated } from './seats.js';
import {
  invalid,
  isMember,
  isPlayer,
  type Lobby,
  type Member,
  memberIds,
  type Player,
  participants,
  type Ruling,
  refusal,
  withDetails,
  withInside,
  without,
} from './state.js';
import { withoutVoter } from './votes.js';

/** Comes in as a spectator; a member stays what it is. */
export function enter(
  lobby: Lobby,
  userId: string,
  member: Member,
  { now, options }: { readonly now: number; readonly options: Pick<LobbyOptions, 'membersMax' | 'participantsMax'> },
): Ruling {
  const entered = withInside(lobby, { members: { ...lobby.inside.members, [userId]: member } });
  if (isMember(lobby.details, userId)) return entered;
  const until = bannedUntil(lobby, userId, now);
  if (until !== undefined) return refusal('banned', `Banned until ${new Date(until / 1_000).toISOString()}`);
  const { membersMax, participantsMax } = options;
  if (memberIds(lobby.details).length >= membersMax) return refusal('lobby_full', `at most ${membersMax} members`);
  if (participants(lobby.details) >= participantsMax) return refusal('lobby_full', 'no battle has room for more');
  return watching(entered, userId);
}

/** Goes, with the bots that run on its machine. */
export function removed(lobby: Lobby, userId: string, now: number): Lobby {
  const { details } = lobby;
  if (!isMember(details, userId)) return lobby;
  const bots = Object.fromEntries(Object.entries(details.bots).filter(([, { hostUserId }]) => hostUserId !== userId));
  const left = withDetails(withInside(lobby, { members: without(lobby.inside.members, userId) }), {
    players: without(details.players, userId),
    spectators: without(details.spectators, userId),
    bosses: without(details.bosses, userId),
    bots,
  });
  return withoutVoter(left, userId, now);
}

export function joinAllyTeam(lobby: Lobby, userId: string, text: string): Ruling {
  const { details } = lobby;
  const allyTeam = allyTeamOf(details, text);
  if (allyTeam === undefined) return invalid('there is no such ally team');
  if (isPlayer(details, userId) && Number(details.players[userId]!.allyTeam) === allyTeam) return lobby;
  if (isFull(details, allyTeam)) return refusal('ally_team_full');
  return withDetails(lobby, seated(details, userId, allyTeam));
}

/** Gives up the place, or the position in the queue. */
export function spectate(lobby: Lobby, userId: string): Lobby {
  const { details } = lobby;
  if (!isPlayer(details, userId) && !isWaiting(details, userId)) return lobby;
  return watching(withDetails(lobby, { players: without(details.players, userId) }), userId);
}

/** Waits for a place: `settled` gives it one at once where there is one. A player gives its place to the first who waits, and waits itself. */
export function joinQueue(lobby: Lobby, userId: string): Lobby {
  const { details } = lobby;
  if (isWaiting(details, userId)) return lobby;
  const first = firstWaiting(details);
  const own = details.players[userId];
  if (!own) return atTheBack(lobby, userId);
  if (first === undefined) return lobby;
  const successor: Player = { ...own, id: first, isReady: false, assetStatus: 'complete' };
  const swapped = withDetails(lobby, {
    players: { ...without(details.players, userId), [first]: successor },
    spectators: without(details.spectators, first),
  });
  return atTheBack(swapped, userId);
}

export function updateClientStatus(
  lobby: Lobby,
  userId: string,
  { isReady, assetStatus }: { readonly isReady?: boolean; readonly assetStatus?: Player['assetStatus'] },
): Ruling {
  const player = lobby.details.players[userId];
  if (!player) return refusal('not_a_player');
  const changed = { ...player, isReady: isReady ?? player.isReady, assetStatus: assetStatus ?? player.assetStatus };
  return withDetails(lobby, { players: { ...lobby.details.players, [userId]: changed } });
}
