// Who sits where. Ally team 0…n has `maxTeams` teams; every player and every bot has a team of its own, and the teams of an ally team are
// numbered without holes. Nobody waits while there is a free place: `settled` is what holds both, after whatever a rule did.
import { firstWaiting } from './join-queue.js';
import { type Details, type Lobby, withDetails, without } from './state.js';

/** Where one sits, as clients are told. */
export interface Seat {
  readonly allyTeam: string;
  readonly team: string;
  readonly player: string;
}

/** A player or bot on its seat. */
export interface Seated {
  readonly type: 'players' | 'bots';
  readonly id: string;
  readonly allyTeam: number;
  readonly team: number;
}

/** Number `index` of `count` as a key. Clients sort such keys as text, so all of them have the width of the last one. */
export function keyOf(index: number, count: number): string {
  return String(index).padStart(String(Math.max(0, count - 1)).length, '0');
}

export function allyTeamCount({ allyTeamConfig }: Details): number {
  return Object.keys(allyTeamConfig).length;
}

/** Number of the ally team that a client wrote, with or without leading zeros; undefined where there is none. */
export function allyTeamOf(details: Details, text: string): number | undefined {
  if (!/^[0-9]{1,3}$/.test(text)) return undefined;
  const index = Number(text);
  return index < allyTeamCount(details) ? index : undefined;
}

/** Teams that the ally team has room for. */
export function maxTeamsOf(details: Details, allyTeam: number): number {
  return details.allyTeamConfig[keyOf(allyTeam, allyTeamCount(details))]?.maxTeams ?? 0;
}

/** Everybody who sits somewhere, by ally team and team. */
export function seatedIn({ players, bots }: Details): readonly Seated[] {
  const of = (type: Seated['type'], seats: Readonly<Record<string, Seat>>): Seated[] =>
    Object.entries(seats).map(([id, seat]) => ({
      type,
      id,
      allyTeam: Number(seat.allyTeam),
      team: Number(seat.team),
    }));
  return [...of('players', players), ...of('bots', bots)].sort((a, b) => a.allyTeam - b.allyTeam || a.team - b.team);
}

/** How many sit in each ally team. */
export function fillingOf(details: Details): readonly number[] {
  const filling = Array.from({ length: allyTeamCount(details) }, () => 0);
  for (const { allyTeam } of seatedIn(details)) filling[allyTeam] = (filling[allyTeam] ?? 0) + 1;
  return filling;
}

export function isFull(details: Details, allyTeam: number): boolean {
  return fillingOf(details)[allyTeam]! >= maxTeamsOf(details, allyTeam);
}

/** The ally team with the fewest in it that has room; of several the first. */
export function leastFilled(details: Details): number | undefined {
  const filling = fillingOf(details);
  let best: number | undefined;
  filling.forEach((count, allyTeam) => {
    if (count < maxTeamsOf(details, allyTeam) && (best === undefined || count < filling[best]!)) best = allyTeam;
  });
  return best;
}

/** The next free seat of an ally team that has one. */
export function seatIn(details: Details, allyTeam: number): Seat {
  return seatAt(details, allyTeam, fillingOf(details)[allyTeam]!);
}

function seatAt(details: Details, allyTeam: number, team: number): Seat {
  const count = allyTeamCount(details);
  return { allyTeam: keyOf(allyTeam, count), team: keyOf(team, maxTeamsOf(details, allyTeam)), player: '0' };
}

/** A member takes a seat there: nobody is ready who has just sat down. */
export function seated(details: Details, userId: string, allyTeam: number): Details {
  const vacated = { ...details, players: without(details.players, userId) };
  const seat = seatIn(vacated, allyTeam);
  return {
    ...details,
    players: { ...vacated.players, [userId]: { id: userId, ...seat, isReady: false, assetStatus: 'complete' } },
    spectators: without(details.spectators, userId),
  };
}

/** Teams numbered without holes, in their order; who waits sits down where there is room. */
export function settled(lobby: Lobby): Lobby {
  let details = repacked(lobby.details);
  for (;;) {
    const next = firstWaiting(details);
    const allyTeam = next === undefined ? undefined : leastFilled(details);
    if (next === undefined || allyTeam === undefined)
      return details === lobby.details ? lobby : withDetails(lobby, details);
    details = seated(details, next, allyTeam);
  }
}

function repacked(details: Details): Details {
  const players = { ...details.players };
  const bots = { ...details.bots };
  const filling = fillingOf(details).map(() => 0);
  let moved = false;
  for (const { type, id, allyTeam } of seatedIn(details)) {
    const seat = seatAt(details, allyTeam, filling[allyTeam]!);
    filling[allyTeam]! += 1;
    const before = details[type][id]!;
    if (before.team === seat.team && before.allyTeam === seat.allyTeam) continue;
    moved = true;
    if (type === 'players') players[id] = { ...details.players[id]!, ...seat };
    else bots[id] = { ...details.bots[id]!, ...seat };
  }
  return moved ? { ...details, players, bots } : details;
}
