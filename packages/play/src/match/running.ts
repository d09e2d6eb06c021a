import { entity } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import { AUTOHOST_KIND } from '../autohost/contract.js';
import { PLAYER_KIND } from '../player/contract.js';
import { type BattleMember, type MatchCommands, REASON_BATTLE_FULL, REASON_NOT_IN_BATTLE } from './contract.js';
import { end } from './ending.js';
import type { MatchOptions } from './options.js';
import { order } from './orders.js';
import type { MatchRules } from './rules.js';
import { newPassword, PARTICIPANTS_MAX } from './script.js';
import {
  type Decided,
  HOLD_TIMER,
  HOSTING_TIMER,
  type Host,
  LENGTH_TIMER,
  type MatchState,
  membersOf,
  type Parts,
  PICK_TIMER,
  parts,
  privateBattle,
  refuseStranger,
  refuseUnlessRunning,
  TELL_TIMER,
} from './state.js';

/** The engine takes players: all are told to start. */
export function run(state: MatchState, host: Host, ctx: DecideContext, options: MatchOptions): Parts {
  const into = parts();
  into.events.push(event('hosted', { ...host, at: ctx.now }));
  into.timers.push(
    { name: HOSTING_TIMER, at: null },
    { name: PICK_TIMER, at: null },
    { name: TELL_TIMER, at: ctx.now + options.tellOwnerMs, command: 'tellOwner' },
    { name: HOLD_TIMER, at: ctx.now + options.holdMs, command: 'holdDue' },
    { name: LENGTH_TIMER, at: ctx.now + options.battleMaxMs, command: 'tooLong' },
  );
  for (const member of membersOf(state)) startFor({ ...state, host }, member, ctx, into);
  return into;
}

function startFor(state: MatchState, member: BattleMember, { self }: DecideContext, into: Parts): void {
  into.sends.push({
    to: entity(PLAYER_KIND, member.userId),
    command: 'battleStart',
    data: { battleId: self.id, battle: privateBattle(state, member) },
    answer: 'playerTold',
    context: { userId: member.userId },
  });
}

/** The owner shows the battle when all were told to start, so that nobody reads of it first. */
export function playerTold(
  state: MatchState,
  { context }: MatchRules['playerTold']['data'],
  ctx: DecideContext,
): Decided<'playerTold'> {
  const { userId } = context as { readonly userId: string };
  if (!state.untold.includes(userId)) return {};
  const into = parts();
  into.events.push(event('playerTold', { userId }));
  if (state.untold.length === 1) announce(state, ctx, into);
  return into;
}

/** Somebody's actor is away for long: the others are not kept waiting. */
export function tellOwner(state: MatchState, _: unknown, ctx: DecideContext): Decided<'tellOwner'> {
  const into = parts();
  announce(state, ctx, into);
  return into;
}

function announce(state: MatchState, { self }: DecideContext, into: Parts): void {
  if (state.phase !== 'running' || state.ownerTold) return;
  into.events.push(event('ownerTold', null));
  into.timers.push({ name: TELL_TIMER, at: null });
  into.sends.push({
    to: state.owner!,
    command: 'battleHosted',
    data: { battleId: self.id, startedAt: state.hostedAt },
  });
}

/** Reminds the autohost's actor, whatever it may have lost. */
export function holdDue(state: MatchState, _: unknown, ctx: DecideContext, options: MatchOptions): Decided<'holdDue'> {
  if (state.phase !== 'running') return {};
  return {
    sends: [{ to: entity(AUTOHOST_KIND, state.host!.autohost), command: 'holdBattle', data: null }],
    timers: [{ name: HOLD_TIMER, at: ctx.now + options.holdMs, command: 'holdDue' }],
  };
}

export function joinBattle(
  state: MatchState,
  member: MatchCommands['joinBattle']['data'],
  ctx: DecideContext,
): Decided<'joinBattle'> {
  const refuse = refuseUnlessRunning(state) ?? refuseStranger(state, ctx);
  if (refuse) return { refuse };
  const members = membersOf(state);
  const into = parts();
  if (members.some(({ userId }) => userId === member.userId)) {
    // Whoever is being added hears of it when the autohost has said yes.
    if (!isJoining(state, member.userId)) startFor(state, member, ctx, into);
    return into;
  }
  if (members.length + state.setup!.bots.length >= PARTICIPANTS_MAX) return { refuse: { reason: REASON_BATTLE_FULL } };
  const password = newPassword(ctx);
  const { userId, name } = member;
  into.events.push(event('memberAdded', { member, password }));
  into.sends.push(order(state, 'autohost/addPlayer', { userId, name, password }, userId));
  return into;
}

function isJoining({ untold, late }: MatchState, userId: string): boolean {
  return untold.includes(userId) && late.some((one) => one.userId === userId);
}

/** The autohost lets somebody in who came late, or not. */
export function commandAnswered(
  state: MatchState,
  { tag: userId, ok }: MatchRules['commandAnswered']['data'],
  ctx: DecideContext,
): Decided<'commandAnswered'> {
  const member = state.late.find((one) => one.userId === userId);
  if (state.phase !== 'running' || !member || !fromHost(state, ctx) || !isJoining(state, userId)) return {};
  if (!ok) return { events: [event('memberRemoved', { userId })] };
  const into = parts();
  startFor(state, member, ctx, into);
  return into;
}

export function fromHost({ host }: MatchState, { origin }: DecideContext): boolean {
  return origin.type === 'entity' && origin.from.kind === AUTOHOST_KIND && origin.from.id === host?.autohost;
}

type Order = 'kickPlayer' | 'mutePlayer' | 'specPlayers' | 'sendMessage' | 'sendCommand';

/** Orders that the autohost carries out. Those about users are refused where one of them is not in the battle. */
export function orderRule<K extends Order>(name: K) {
  return (state: MatchState, data: MatchCommands[K]['data'], ctx: DecideContext): Decided<K> => {
    const refuse = refuseUnlessRunning(state) ?? refuseStranger(state, ctx);
    if (refuse) return { refuse };
    const named = usersIn(data);
    const members = new Set(membersOf(state).map(({ userId }) => userId));
    if (!named.every((userId) => members.has(userId))) return { refuse: { reason: REASON_NOT_IN_BATTLE } };
    return { sends: [order(state, `autohost/${name}`, { ...data })] };
  };
}

function usersIn(data: MatchCommands[Order]['data']): readonly string[] {
  if ('userIds' in data) return data.userIds;
  return 'userId' in data ? [data.userId] : [];
}

/** The battle is over at once, whatever the autohost makes of it. */
export function kill(state: MatchState, _: unknown, ctx: DecideContext, options: MatchOptions): Decided<'kill'> {
  const refuse = refuseUnlessRunning(state) ?? refuseStranger(state, ctx);
  return refuse ? { refuse } : end(state, 'killed', ctx, options);
}

export function tooLong(state: MatchState, _: unknown, ctx: DecideContext, options: MatchOptions): Decided<'tooLong'> {
  return state.phase === 'running' ? end(state, 'too_long', ctx, options) : {};
}
