// What follows from a rule's word, whoever asked: one event with what changed, and what others have to hear of it.
import { entity } from '@muster/ports';
import { type DecideContext, type Decision, event, type Send, type TimerChange } from '@muster/runtime';
import { type ChatCommands, chatOf } from '../chat/contract.js';
import { PLAYER_KIND } from '../player/contract.js';
import { type LobbyDismissal, type LobbyEvents, MEMBERS_TOPIC } from './contract.js';
import { concluded } from './decisions.js';
import { afterChange, unlisted } from './listing.js';
import { diffPatch, type Fields, mergePatch } from './merge-patch.js';
import type { LobbyOptions } from './options.js';
import { lobbyPatch, patchedDetails } from './patch.js';
import { type Details, type Inside, isRefusal, type Lobby, memberIds, type Ruling, withDetails } from './state.js';
import { votesEnded } from './votes.js';

/** The actor's state; changed by `evolve` only. */
export interface LobbyState {
  /** null: there is no such lobby. */
  lobby: Lobby | null;
}

export type Decided<R = unknown> = Decision<LobbyState, LobbyEvents, R>;

export interface TurnHints {
  /** Who is out because it said so: it needs not be told. */
  readonly leaver?: string;
  /** A player of whom members are told whether it changed or not. */
  readonly touched?: string;
}

const VOTE_TIMER = 'vote';
export const AUDIT_TIMER = 'audit';

/** A lobby begins. */
export function opened(ruling: Ruling, ctx: DecideContext, options: LobbyOptions): Decided {
  if (isRefusal(ruling)) return { refuse: ruling };
  const { lobby, sends, timers } = afterChange(null, ruling, ctx.now);
  return {
    events: [event('opened', { lobby })],
    sends: [...sends, chatMembers(lobby)],
    timers: [...timers, { name: AUDIT_TIMER, at: ctx.now + options.auditMs, command: 'auditDue' }],
  };
}

/** The rule's word, concluded: what becomes of the lobby and who hears of it. */
export function turned(
  before: Lobby,
  ruling: Ruling,
  ctx: DecideContext,
  options: LobbyOptions,
  hints: TurnHints = {},
): Decided {
  if (isRefusal(ruling)) return { refuse: ruling };
  const after = concluded(ruling, { now: ctx.now, options });
  if (memberIds(after.details).length === 0) return closed(before, after, hints);
  const patch = lobbyPatch(before.details, after.details, hints.touched);
  const eventNumber = (before.details.eventNumber ?? 0) + 1;
  const numbered = patch ? withDetails(after, { eventNumber }) : after;
  const { lobby, sends, timers } = afterChange(before, numbered, ctx.now);
  const inside = diffPatch(before.inside as unknown as Fields, lobby.inside as unknown as Fields);
  if (!patch && !inside) return {};
  const ended = votesEnded(before.details, lobby.details);
  const untold = cameOrWent(before.details, lobby.details);
  const change: LobbyEvents['changed'] = {
    ...(patch && { details: { ...patch, eventNumber } }),
    ...(inside && { inside }),
    ...(ended.length > 0 && { ended }),
    ...(untold.length > 0 && { untold }),
  };
  return {
    events: [event('changed', change)],
    sends: [...dismissals(before, lobby, hints.leaver), ...(untold.length > 0 ? [chatMembers(lobby)] : []), ...sends],
    timers: [...timers, ...voteTimer(before.details, lobby.details)],
  };
}

/** Nobody is left. */
function closed(before: Lobby, after: Lobby, { leaver }: TurnHints): Decided {
  const { battle } = before.inside;
  return {
    events: [event('closed', null)],
    sends: [...dismissals(before, after, leaver), chatMembers(after), ...unlisted(before)],
    timers: [
      ...['list', AUDIT_TIMER].map((name) => ({ name, at: null })),
      ...(before.details.currentVote ? [{ name: VOTE_TIMER, at: null }] : []),
    ],
    ...(battle?.ticket !== undefined && {
      resolve: [{ ticket: battle.ticket, refuse: { reason: 'invalid_request', details: 'the lobby is closed' } }],
    }),
  };
}

/** More of the same turn. */
export function also(decided: Decided, more: Pick<Decided, 'sends' | 'resolve' | 'reply' | 'defer'>): Decided {
  if (decided.refuse) return decided;
  return {
    ...decided,
    ...more,
    sends: [...(decided.sends ?? []), ...(more.sends ?? [])],
    resolve: [...(decided.resolve ?? []), ...(more.resolve ?? [])],
  };
}

export function evolveChanged(state: LobbyState, { details, inside }: LobbyEvents['changed']): void {
  if (!state.lobby) return;
  state.lobby = {
    details: details ? patchedDetails(state.lobby.details, details) : state.lobby.details,
    inside: inside ? (mergePatch(state.lobby.inside, inside) as Inside) : state.lobby.inside,
  };
}

/** What members see of a change. */
export function publishChanged({ details, ended = [], untold = [] }: LobbyEvents['changed']) {
  const to = untold.length > 0 ? { to: { except: untold } } : {};
  return [
    ...(details ? [{ topic: MEMBERS_TOPIC, name: 'lobby/updated', data: details, ...to }] : []),
    ...ended.map((vote) => ({ topic: MEMBERS_TOPIC, name: 'lobby/voteEnded', data: vote, ...to })),
  ];
}

function cameOrWent(before: Details, after: Details): readonly string[] {
  const were = new Set(memberIds(before));
  const are = new Set(memberIds(after));
  return [...[...were].filter((id) => !are.has(id)), ...[...are].filter((id) => !were.has(id))];
}

/** Who is out without having asked for it is told by whoever keeps its membership. */
function dismissals(before: Lobby, after: Lobby, leaver: string | undefined): readonly Send[] {
  const gone = Object.entries(before.inside.members).filter(([id]) => !Object.hasOwn(after.inside.members, id));
  return gone
    .filter(([id]) => id !== leaver)
    .map(([id, { op }]) => {
      const until = after.inside.bans[id];
      const isNew = until !== undefined && until !== before.inside.bans[id];
      const reason: LobbyDismissal = isNew ? { reason: 'banned', bannedUntil: until } : { reason: 'kicked' };
      return { to: entity(PLAYER_KIND, id), command: 'dismissed', data: { op, reason } };
    });
}

function chatMembers({ details }: Lobby): Send {
  const data: ChatCommands['chatMembers']['data'] = { members: memberIds(details) };
  return { to: chatOf('lobby', details.id), command: 'chatMembers', data };
}

function voteTimer(before: Details, after: Details): readonly TimerChange[] {
  if (before.currentVote?.id === after.currentVote?.id) return [];
  const vote = after.currentVote;
  if (!vote) return [{ name: VOTE_TIMER, at: null }];
  return [{ name: VOTE_TIMER, at: Math.ceil(vote.until / 1_000), command: 'voteOver', data: { id: vote.id } }];
}
