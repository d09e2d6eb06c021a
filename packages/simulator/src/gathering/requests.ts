import type { PlayerId, SeededRandom } from '@muster/ports';
import type { Board } from './board.js';
import { chatText } from './chat-text.js';
import type { GatheringKind, PlacesView } from './places-view.js';

export interface GatheringRequest {
  readonly commandId: string;
  readonly data?: unknown;
}

export interface Gatherer {
  readonly self: PlayerId;
  readonly players: readonly PlayerId[];
  readonly view: PlacesView;
  readonly board: Board;
  readonly random: SeededRandom;
}

/** So many of the newest lobbies are offered: few, so that players meet. */
const OFFERED = 2;
const SEATS = { top: 0, bottom: 1, left: 0, right: 0.5 };
/** Little room, so that some have to wait for a place. */
const ALLY_TEAMS = Array.from({ length: 2 }, () => ({ startBox: SEATS, maxTeams: 2, teams: [{ maxPlayers: 1 }] }));

/** One of the things that a player does who plays with others, drawn by its share; made for what its client knows now. */
export function nextGathering(gatherer: Gatherer): GatheringRequest {
  const { view, random } = gatherer;
  const lobby = view.stay('lobby');
  for (const kind of view.unsure) if (!view.isMoving(kind)) return { commandId: `${kind}/leave` };
  // A client that came back learns how its lobby looks by asking to come in again.
  if (lobby && !view.details && !view.isAsking('lobby/join'))
    return { commandId: 'lobby/join', data: { id: lobby.id } };
  const draw = random.next();
  if (draw < 0.04) return { commandId: view.wantsList ? 'lobby/unsubscribeList' : 'lobby/subscribeList' };
  if (draw < 0.55) return lobby ? inLobby(gatherer, lobby.id) : outsideLobby(gatherer);
  return view.stay('party') ? inParty(gatherer) : outsideParty(gatherer);
}

function outsideLobby({ board, random, self }: Gatherer): GatheringRequest {
  const offered = [...board.lobbies].slice(-OFFERED);
  if (offered.length > 0 && random.next() < 0.75)
    return { commandId: 'lobby/join', data: { id: one(offered, random) } };
  const areBossesEnabled = random.next() < 0.6;
  const name = `of ${self} ${board.next('name')}`;
  return { commandId: 'lobby/create', data: { name, mapName: 'a map', areBossesEnabled, allyTeamConfig: ALLY_TEAMS } };
}

function inLobby(gatherer: Gatherer, id: string): GatheringRequest {
  const { view, random, self, board } = gatherer;
  const { details } = view;
  const others = details ? [...Object.keys(details.players), ...Object.keys(details.spectators)] : [self];
  const other = one(others.length > 0 ? others : [self], random);
  const vote = details?.currentVote;
  if (vote && vote.voters[self]?.vote === 'pending' && random.next() < 0.5)
    return { commandId: 'lobby/voteSubmit', data: { id: vote.id, vote: one(['yes', 'yes', 'no', 'abstain'], random) } };
  return drawn(random, [
    [0.4, () => say(gatherer, 'lobby', id)],
    [0.1, () => ({ commandId: 'lobby/update', data: { name: `of ${self} ${board.next('name')}` } })],
    [0.03, () => ({ commandId: 'lobby/update', data: { mapName: `map ${board.next('map')}` } })],
    [0.12, () => ({ commandId: 'lobby/joinAllyTeam', data: { allyTeam: one(['0', '1'], random) } })],
    [0.06, () => ({ commandId: 'lobby/spectate' })],
    [0.06, () => ({ commandId: 'lobby/joinQueue' })],
    [0.06, () => ({ commandId: 'lobby/updateClientStatus', data: { isReady: random.next() < 0.5 } })],
    [0.04, () => ({ commandId: 'lobby/appointBoss', data: { userId: other } })],
    [
      0.04,
      () => (other === self ? { commandId: 'lobby/leave' } : { commandId: 'lobby/kickban', data: { userId: other } }),
    ],
    [0.04, () => ({ commandId: 'lobby/leave' })],
  ]);
}

function outsideParty({ view, random }: Gatherer): GatheringRequest {
  const invitation = [...view.invitations.keys()].at(-1);
  if (invitation === undefined || random.next() < 0.15) return { commandId: 'party/create' };
  const commandId = random.next() < 0.8 ? 'party/acceptInvite' : 'party/declineInvite';
  return { commandId, data: { partyId: invitation } };
}

function inParty(gatherer: Gatherer): GatheringRequest {
  const { view, random, players, self } = gatherer;
  const id = view.stay('party')!.id;
  const someone = one(players, random);
  const member = one(view.party?.members.map(({ userId }) => userId) ?? [self], random);
  const invited = view.party?.invited.map(({ userId }) => userId) ?? [];
  const another = [...view.invitations.keys()].at(-1);
  return drawn(random, [
    [0.35, () => say(gatherer, 'party', id)],
    [0.3, () => ({ commandId: 'party/invite', data: { userId: someone } })],
    [
      0.06,
      () => ({
        commandId: 'party/cancelInvite',
        data: { userId: invited.length > 0 ? one(invited, random) : someone },
      }),
    ],
    [0.06, () => ({ commandId: 'party/kickMember', data: { userId: member } })],
    [
      0.08,
      () => (another ? { commandId: 'party/acceptInvite', data: { partyId: another } } : { commandId: 'party/leave' }),
    ],
    [0.06, () => ({ commandId: 'party/leave' })],
  ]);
}

function say({ self, board, view }: Gatherer, kind: GatheringKind, id: string): GatheringRequest {
  // Who is on the way to another place does not know where it will be heard.
  if (view.isMoving(kind) || view.unsure.has(kind)) return { commandId: 'user/info', data: { userId: self } };
  const message = chatText({ kind, id, from: self, number: board.next(`${kind}/${id} ${self}`) });
  return { commandId: 'messaging/send', data: { target: { type: kind }, message } };
}

function drawn(random: SeededRandom, all: readonly (readonly [number, () => GatheringRequest])[]): GatheringRequest {
  let draw = random.next() * all.reduce((sum, [share]) => sum + share, 0);
  for (const [share, make] of all) {
    draw -= share;
    if (draw < 0) return make();
  }
  return all.at(-1)![1]();
}

function one<T>(list: readonly T[], random: SeededRandom): T {
  return list[Math.floor(random.next() * list.length)]!;
}
