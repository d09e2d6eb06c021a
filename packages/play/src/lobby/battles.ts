// The lobby's battle: match/contract.ts has the other side.
//
//   none ── startBattle ──► hosting (the client waits) ── battleHosted ──► running ── battleEnded ──► none
//     ▲                        └── refused, battleHostFailed ──► none        ▲
//     └───────────────────────────── battleHosted (the lobby lost its last second)
//
// The lobby may die: what it sent is sent again, and what it hears is repeated until it has heard it. It may have forgotten a battle: then
// it learns of it when it is hosted or ended. The match may be lost: it is asked now and then, and whenever another battle is wanted or somebody wants
// to join; one that knows of no battle has none.
import { entity, uuid } from '@muster/ports';
import type { Answer, DecideContext, Refusal, Send } from '@muster/runtime';
import { unixTime } from '@muster/tachyon';
import {
  type BattleMember,
  type BattleSetup,
  type HostData,
  type HostFailure,
  MATCH_KIND,
  type MatchOwnerCommands,
  REASON_BATTLE_FULL,
  REASON_NO_BATTLE,
} from '../match/contract.js';
import { LOBBY_KIND } from './contract.js';
import type { LobbyOptions } from './options.js';
import { type Battle, invalid, type Lobby, refusal, withDetails } from './state.js';
import { also, type Decided, type LobbyState, turned } from './turn.js';

const WHY_NOT: Readonly<Record<HostFailure, string>> = {
  no_autohost: 'no autohost has room',
  no_engine: 'no autohost has this engine',
  refused: 'no autohost could start the battle',
  timed_out: 'no autohost answered in time',
};

/** Everybody who is in the lobby is in the battle. Answered when a host was found, or none. */
export function startBattle(lobby: Lobby, ctx: DecideContext, options: LobbyOptions): Decided<null> {
  if (lobby.inside.battle)
    return { refuse: invalid('a battle runs, or is being started'), sends: battleDoubted(lobby) };
  const id = uuid(ctx.random);
  const data: HostData = { owner: entity(LOBBY_KIND, ctx.self.id), setup: setupOf(lobby) };
  return also(turned(lobby, withBattle(lobby, { id, ticket: ctx.ticket }), ctx, options), {
    sends: [{ to: entity(MATCH_KIND, id), command: 'host', data, answer: 'hostAnswered', context: { id } }],
    defer: true,
  }) as Decided<null>;
}

/** Is there still such a battle? */
export function battleDoubted({ inside: { battle } }: Lobby): readonly Send[] {
  if (!battle) return [];
  const to = entity(MATCH_KIND, battle.id);
  return [{ to, command: 'confirmBattle', data: {}, answer: 'battleConfirmed' }];
}

export function battleConfirmed(
  state: LobbyState,
  answer: Answer,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  if (!answer.ok || (answer.value as { readonly runs: boolean }).runs) return {};
  return over(state, answer.from.id, invalid('the battle is lost, try again'), ctx, options);
}

/** The match was told; whether there is a host it says later. */
export function hostAnswered(
  state: LobbyState,
  answer: Answer,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  if (answer.ok) return {};
  const { reason, details } = answer.details as Partial<Refusal>;
  const why = answer.code === 'REFUSED' ? invalid(details ?? reason ?? '') : refusal('internal_error');
  return over(state, answer.from.id, why, ctx, options);
}

export function battleHosted(
  state: LobbyState,
  { battleId, startedAt }: MatchOwnerCommands['battleHosted']['data'],
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  const { lobby } = state;
  if (!lobby || !isFrom(ctx, battleId)) return {};
  const { battle } = lobby.inside;
  // Another one began meanwhile: nobody would find back into this one.
  if (battle && battle.id !== battleId)
    return { sends: [{ to: entity(MATCH_KIND, battleId), command: 'kill', data: null }] };
  const running = withDetails(withBattle(lobby, { id: battleId }), {
    currentBattle: { id: battleId, startedAt: unixTime(startedAt) },
  });
  return also(turned(lobby, running, ctx, options), {
    ...(battle?.ticket !== undefined && { resolve: [{ ticket: battle.ticket, reply: null }] }),
  }) as Decided<null>;
}

export function battleHostFailed(
  state: LobbyState,
  { battleId, reason }: MatchOwnerCommands['battleHostFailed']['data'],
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  return isFrom(ctx, battleId) ? over(state, battleId, invalid(WHY_NOT[reason]), ctx, options) : {};
}

export function battleEnded(
  state: LobbyState,
  { battleId }: MatchOwnerCommands['battleEnded']['data'],
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  return isFrom(ctx, battleId) ? over(state, battleId, invalid('the battle is over already'), ctx, options) : {};
}

/** Who came later, or lost its engine, gets into the battle to watch. */
export function joinBattle(lobby: Lobby, userId: string, ctx: DecideContext): Decided<null> {
  const { currentBattle } = lobby.details;
  if (!currentBattle) return { refuse: refusal(REASON_NO_BATTLE) };
  return {
    sends: [
      {
        to: entity(MATCH_KIND, currentBattle.id),
        command: 'joinBattle',
        data: memberOf(lobby, userId),
        answer: 'joinBattleAnswered',
        context: { ticket: ctx.ticket },
      },
    ],
    defer: true,
  };
}

export function joinBattleAnswered(
  state: LobbyState,
  answer: Answer,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  const { ticket } = answer.context as { readonly ticket: string };
  if (answer.ok) return { resolve: [{ ticket, reply: null }] };
  const { reason = '', details } = answer.details as Partial<Refusal>;
  const isKnown =
    answer.code === 'REFUSED' && [REASON_NO_BATTLE, REASON_BATTLE_FULL, 'invalid_request'].includes(reason);
  const refuse = isKnown ? refusal(reason, details) : refusal('internal_error');
  // A match that knows of no battle has lost it.
  const gone = reason === REASON_NO_BATTLE ? over(state, answer.from.id, refuse, ctx, options) : {};
  return also(gone, { resolve: [{ ticket, refuse }] }) as Decided<null>;
}

/** The battle is not, or no longer; a client that waits for it reads why. */
function over(
  state: LobbyState,
  battleId: string,
  why: Refusal,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  const { lobby } = state;
  const battle = lobby?.inside.battle;
  if (!lobby || battle?.id !== battleId) return {};
  const { currentBattle: _, ...details } = lobby.details;
  const { battle: __, ...inside } = lobby.inside;
  return also(turned(lobby, { details, inside }, ctx, options), {
    ...(battle.ticket !== undefined && { resolve: [{ ticket: battle.ticket, refuse: why }] }),
  }) as Decided<null>;
}

/** Everything that the start script is made from. */
export function setupOf(lobby: Lobby): BattleSetup {
  const { details } = lobby;
  const entries = <T, R>(record: Readonly<Record<string, T>>, make: (value: T) => R): Record<string, R> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]));
  return {
    engineVersion: details.engineVersion,
    gameName: details.gameVersion,
    mapName: details.mapName,
    allyTeams: entries(details.allyTeamConfig, ({ startBox }) => ({ startBox })),
    players: Object.values(details.players).map(({ id, allyTeam, team, player }) => ({
      ...memberOf(lobby, id),
      allyTeam,
      team,
      player,
    })),
    bots: Object.values(details.bots).map(({ id: _, ...bot }) => bot),
    spectators: Object.keys(details.spectators).map((id) => memberOf(lobby, id)),
    gameOptions: entries(details.gameOptions, ({ value }) => value),
    tags: Object.keys(details.tags ?? {}),
  };
}

function memberOf({ inside }: Lobby, userId: string): BattleMember {
  const { name, countryCode } = inside.members[userId]!;
  return { userId, name, countryCode };
}

function withBattle(lobby: Lobby, battle: Battle): Lobby {
  return { ...lobby, inside: { ...lobby.inside, battle } };
}

function isFrom({ origin }: DecideContext, battleId: string): boolean {
  return origin.type === 'entity' && origin.from.kind === MATCH_KIND && origin.from.id === battleId;
}
