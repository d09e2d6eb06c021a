// The lobby's part of its members' memberships (membership/protocol.ts).
import { entity } from '@muster/ports';
import type { Adopted, Answer, DecideContext, Send } from '@muster/runtime';
import { admission, ends, standing, verdict } from '../membership/holder.js';
import type { Confirmation, Op } from '../membership/protocol.js';
import { type AdmitData, PLAYER_KIND, type PlacesCommands } from '../player/contract.js';
import { admits, guessed, madePrivate, tokenOf } from './access.js';
import { battleDoubted } from './battles.js';
import type { LobbyCommands, LobbyWish } from './contract.js';
import { enter, removed } from './members.js';
import type { LobbyOptions } from './options.js';
import { openLobby } from './settings.js';
import { invalid, isRefusal, type Lobby, type Ruling, refusal, withInside } from './state.js';
import { AUDIT_TIMER, also, type Decided, type LobbyState, opened, turned } from './turn.js';

/** Answered at once whatever happens: a player's messages come one at a time. */
export function admit(
  state: LobbyState,
  { op, user, data }: AdmitData,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<LobbyCommands['admit']['reply']> {
  const userId = playerOf(ctx);
  if (userId === undefined) return { refuse: refusal('unauthorized', 'players come through their own actors') };
  const wish = (data ?? {}) as LobbyWish;
  const { create } = wish;
  const member = { op, name: user.username, countryCode: user.countryCode };
  if (!state.lobby) {
    if (!create) return { refuse: invalid('there is no such lobby') };
    return open(openLobby(ctx.self.id, userId, member, create, options), wish, ctx, options);
  }
  const { lobby } = state;
  const known = lobby.inside.members[userId]?.op;
  const how = admission(known, op);
  if (how === 'outdated') return { refuse: invalid('you have come again since') };
  if (how === 'new' && create) return { refuse: invalid('there is such a lobby already') };
  const key = admits(lobby, userId, wish.key ?? {}, ctx.now, options);
  if (key === 'wrong') {
    const { events = [] } = turned(lobby, guessed(lobby, userId, ctx.now, options), ctx, options);
    return { events, refuse: PRIVATE };
  }
  if (key !== 'yes') return { refuse: key === 'no' ? PRIVATE : WAIT };
  const decided = turned(lobby, enter(lobby, userId, member, { now: ctx.now, options }), ctx, options);
  return wish.wantsToken && how !== 'new' ? withToken(decided) : detailed(decided);
}

const PRIVATE = refusal('unauthorized', 'this lobby is private');
const WAIT = refusal('unauthorized', 'too many wrong passwords: wait a moment');

function open(
  ruling: Ruling,
  { access }: LobbyWish,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<LobbyCommands['admit']['reply']> {
  if (!access || isRefusal(ruling)) return detailed(opened(ruling, ctx, options));
  return withToken(opened(madePrivate(ruling, access.password, ctx.random), ctx, options));
}

export function leave(
  state: LobbyState,
  { op }: LobbyCommands['leave']['data'],
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  const userId = playerOf(ctx);
  if (!state.lobby || userId === undefined || !ends(state.lobby.inside.members[userId]?.op, op)) return {};
  return turned(state.lobby, removed(state.lobby, userId, ctx.now), ctx, options, { leaver: userId }) as Decided<null>;
}

export function confirm(
  state: LobbyState,
  { op }: LobbyCommands['confirm']['data'],
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<LobbyCommands['confirm']['reply']> {
  const userId = playerOf(ctx);
  const known = userId === undefined ? undefined : state.lobby?.inside.members[userId]?.op;
  const { member, renew } = standing(known, op);
  if (!state.lobby || userId === undefined || !renew) return { reply: { member } };
  return {
    ...turned(state.lobby, withOp(state.lobby, userId, op), ctx, options),
    reply: { member },
  } as Decided<LobbyCommands['confirm']['reply']>;
}

/** Now and then every member is asked whether it is there: one that has lost its state does not know that it should leave. */
export function audit(state: LobbyState, ctx: DecideContext, options: LobbyOptions): Decided<null> {
  if (!state.lobby) return {};
  const sends = Object.entries(state.lobby.inside.members).map(([userId, { op }]): Send => {
    const data: PlacesCommands['confirm']['data'] = { op };
    return {
      to: entity(PLAYER_KIND, userId),
      command: 'confirm',
      data,
      answer: 'playerConfirmed',
      context: { op },
    };
  });
  return {
    sends: [...sends, ...battleDoubted(state.lobby)],
    timers: [{ name: AUDIT_TIMER, at: ctx.now + options.auditMs, command: 'auditDue' }],
  };
}

/** What members did last may be gone: they are asked. */
export function adopted(
  state: LobbyState,
  { mayLack }: Adopted,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  return mayLack ? audit(state, ctx, options) : {};
}

export function playerConfirmed(
  state: LobbyState,
  answer: Answer,
  ctx: DecideContext,
  options: LobbyOptions,
): Decided<null> {
  // Who cannot say so now is asked again.
  if (!state.lobby || !answer.ok) return {};
  const userId = answer.from.id;
  const { op } = answer.context as { readonly op: Op };
  const said = verdict(state.lobby.inside.members[userId]?.op, op, answer.value as Confirmation);
  if (said === 'stays') return {};
  const ruling = said === 'gone' ? removed(state.lobby, userId, ctx.now) : withOp(state.lobby, userId, said.renew);
  return turned(state.lobby, ruling, ctx, options, { leaver: userId }) as Decided<null>;
}

/** Of a lobby that was opened private; it may be open to all since. */
function withToken(decided: Decided): Decided<LobbyCommands['admit']['reply']> {
  const reply = ({ lobby }: LobbyState, stream: number) => ({
    details: lobby!.details,
    stream,
    token: tokenOf(lobby!) ?? '',
  });
  return also(decided, { reply }) as Decided<LobbyCommands['admit']['reply']>;
}

function detailed(decided: Decided): Decided<LobbyCommands['admit']['reply']> {
  const reply = ({ lobby }: LobbyState, stream: number) => ({ details: lobby!.details, stream });
  return also(decided, { reply }) as Decided<LobbyCommands['admit']['reply']>;
}

function withOp(lobby: Lobby, userId: string, op: Op): Lobby {
  const { members } = lobby.inside;
  return withInside(lobby, { members: { ...members, [userId]: { ...members[userId]!, op } } });
}

/** User id of the player whose actor speaks. */
function playerOf({ origin }: DecideContext): string | undefined {
  return origin.type === 'entity' && origin.from.kind === PLAYER_KIND ? origin.from.id : undefined;
}
