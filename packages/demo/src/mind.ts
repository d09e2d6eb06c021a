// What a player of the demo wants next, from what it sees. Pure: the same view and the same draws give the same wish. Nothing here knows that most of
// the others are programs too: a newcomer's lobby gets guests, and where somebody's readiness or a boss is missing, they wait.
import type { Millis, Random } from '@muster/ports';
import type { LobbyDetails, LobbyOverview, RequestData } from '@muster/tachyon';
import { happens, oneOf } from './chance.js';
import { AFTERWARDS, MAPS, ON_ARRIVAL, type Theme, WHILE_WAITING } from './phrases.js';

export interface View {
  readonly userId: string;
  /** Hosts open this lobby when they have none; guests have none. */
  readonly theme: Theme | undefined;
  readonly now: Millis;
  /** Until then it opens and enters nothing. */
  readonly restUntil: Millis;
  /** Until then it begins no battle: one has just ended. */
  readonly calmUntil: Millis;
  readonly lobby: LobbyDetails | undefined;
  /** It was told to start the battle that runs in its lobby. */
  readonly fights: boolean;
  readonly lobbies: readonly LobbyOverview[];
  /** It has said something since it came. */
  readonly hasGreeted: boolean;
}

export type Wish =
  | { readonly what: 'open'; readonly theme: Theme }
  | { readonly what: 'enter'; readonly id: string; readonly name: string }
  | { readonly what: 'sit'; readonly allyTeam: string }
  | { readonly what: 'wait' | 'ready' | 'start' | 'watch' | 'leave' }
  | { readonly what: 'say'; readonly message: string }
  | { readonly what: 'map'; readonly mapName: string }
  | { readonly what: 'vote'; readonly id: string; readonly vote: 'yes' | 'no' };

/** Chances, each time that somebody thinks. */
const ENTERS = 0.6;
const WATCHES_A_FULL_ONE = 0.15;
const QUEUES = 0.3;
const GREETS = 0.7;
const SPEAKS = 0.06;
const SPEAKS_AFTERWARDS = 0.3;
const SAYS_YES = 0.7;
const WANTS_ANOTHER_MAP = 0.04;
const WATCHES_THE_BATTLE = 0.3;
const LEAVES = 0.02;
const LEAVES_AFTERWARDS = 0.12;
const STARTS_A_FULL_BATTLE = 0.5;
const STARTS_A_SMALL_BATTLE = 0.04;

/** undefined: nothing, this time. */
export function wish(view: View, random: Random): Wish | undefined {
  const { lobby } = view;
  if (!lobby) return outside(view, random);
  if (lobby.currentBattle) return duringBattle(view, random);
  return (
    ballot(view, lobby, random) ??
    manners(view, random) ??
    seat(view, lobby, random) ??
    readiness(view, lobby) ??
    beginning(view, lobby, random) ??
    pastime(view, lobby, random)
  );
}

function outside({ theme, now, restUntil, lobbies }: View, random: Random): Wish | undefined {
  if (now < restUntil) return undefined;
  if (theme) return { what: 'open', theme };
  // Once for each free place: the emptier, the likelier.
  const free = lobbies.flatMap((one) =>
    one.currentBattle === null ? Array<LobbyOverview>(Math.max(0, one.maxPlayerCount - one.playerCount)).fill(one) : [],
  );
  const choice = free.length > 0 ? free : lobbies;
  const wanted = happens(random, free.length > 0 ? ENTERS : WATCHES_A_FULL_ONE);
  if (!wanted || choice.length === 0) return undefined;
  const { id, name } = oneOf(random, choice);
  return { what: 'enter', id, name };
}

function duringBattle({ fights }: View, random: Random): Wish | undefined {
  return !fights && happens(random, WATCHES_THE_BATTLE) ? { what: 'watch' } : undefined;
}

function ballot({ userId }: View, { currentVote }: LobbyDetails, random: Random): Wish | undefined {
  if (currentVote?.voters[userId]?.vote !== 'pending') return undefined;
  return { what: 'vote', id: currentVote.id, vote: happens(random, SAYS_YES) ? 'yes' : 'no' };
}

function manners({ hasGreeted }: View, random: Random): Wish | undefined {
  if (hasGreeted || !happens(random, GREETS)) return undefined;
  return { what: 'say', message: oneOf(random, ON_ARRIVAL) };
}

/** A free place in the smallest ally team, else the queue. */
function seat({ userId }: View, lobby: LobbyDetails, random: Random): Wish | undefined {
  if (lobby.players[userId]) return undefined;
  const free = Object.keys(lobby.allyTeamConfig).filter((key) => seated(lobby, key) < places(lobby, key));
  const [smallest] = free.sort((a, b) => seated(lobby, a) - seated(lobby, b));
  if (smallest !== undefined) return { what: 'sit', allyTeam: smallest };
  const waits = lobby.spectators[userId]?.joinQueuePosition !== undefined;
  return !waits && happens(random, QUEUES) ? { what: 'wait' } : undefined;
}

function readiness({ userId }: View, { players }: LobbyDetails): Wish | undefined {
  return players[userId]?.isReady === false ? { what: 'ready' } : undefined;
}

/** Everybody has to be ready and two sides manned; a boss, where there is one, begins. */
function beginning({ userId, now, calmUntil }: View, lobby: LobbyDetails, random: Random): Wish | undefined {
  const players = Object.values(lobby.players);
  const bosses = Object.keys(lobby.bosses);
  const mayBegin = bosses.length === 0 || bosses.includes(userId);
  if (now < calmUntil || !lobby.players[userId] || !mayBegin || players.some(({ isReady }) => !isReady))
    return undefined;
  if (new Set(players.map(({ allyTeam }) => allyTeam)).size < 2) return undefined;
  const isFull = Object.keys(lobby.allyTeamConfig).every((key) => seated(lobby, key) >= places(lobby, key));
  return happens(random, isFull ? STARTS_A_FULL_BATTLE : STARTS_A_SMALL_BATTLE) ? { what: 'start' } : undefined;
}

function pastime({ userId, theme, now, calmUntil }: View, lobby: LobbyDetails, random: Random): Wish | undefined {
  const isAfter = now < calmUntil;
  if (happens(random, isAfter ? SPEAKS_AFTERWARDS : SPEAKS))
    return { what: 'say', message: oneOf(random, isAfter ? AFTERWARDS : WHILE_WAITING) };
  // A host stays for the first battle.
  const leaves = isAfter ? LEAVES_AFTERWARDS : theme ? 0 : LEAVES;
  if (happens(random, leaves)) return { what: 'leave' };
  const bosses = Object.keys(lobby.bosses);
  const hasSay = lobby.players[userId] && (bosses.length === 0 || bosses.includes(userId));
  if (!hasSay || lobby.currentVote || !happens(random, WANTS_ANOTHER_MAP)) return undefined;
  return {
    what: 'map',
    mapName: oneOf(
      random,
      MAPS.filter((mapName) => mapName !== lobby.mapName),
    ),
  };
}

function seated({ players, bots }: LobbyDetails, allyTeam: string): number {
  return [...Object.values(players), ...Object.values(bots)].filter((one) => one.allyTeam === allyTeam).length;
}

/** Every player of an ally team has a team of its own. */
function places({ allyTeamConfig }: LobbyDetails, allyTeam: string): number {
  return allyTeamConfig[allyTeam]!.maxTeams;
}

/** Of `lobby/create`. */
export function openingOf({ name, mapName, sides, perSide, areBossesEnabled }: Theme): RequestData<'lobby/create'> {
  const width = 1 / sides;
  const allyTeamConfig = Array.from({ length: sides }, (_, n) => ({
    maxTeams: perSide,
    startBox: { top: 0, bottom: 1, left: n * width, right: Math.min(1, (n + 1) * width) },
    teams: Array.from({ length: perSide }, () => ({ maxPlayers: 1 })),
  }));
  return { name, mapName, allyTeamConfig, areBossesEnabled };
}
