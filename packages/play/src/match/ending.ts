import { entity } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import { PLAYER_KIND } from '../player/contract.js';
import type { BattleEnd, HostFailure } from './contract.js';
import type { MatchOptions } from './options.js';
import { dismissal } from './orders.js';
import { BATTLE_RECORDS_KIND } from './records.js';
import { battleEnded, battleRecord } from './result.js';
import type { MatchRules } from './rules.js';
import {
  type Decided,
  FORGET_TIMER,
  HOLD_TIMER,
  HOSTING_TIMER,
  LENGTH_TIMER,
  type MatchState,
  membersOf,
  type Parts,
  PICK_TIMER,
  parts,
  TELL_TIMER,
} from './state.js';

/** Nobody hosts it. */
export function fail(
  state: MatchState,
  failure: HostFailure,
  ctx: DecideContext,
  options: MatchOptions,
  into: Parts,
): void {
  into.events.push(event('ended', { how: failure, at: ctx.now }));
  into.sends.push({
    to: state.owner!,
    command: 'battleHostFailed',
    data: { battleId: ctx.self.id, reason: failure },
  });
  // Nothing of it is to be kept.
  into.events.push(event('stored', null));
  into.timers.push(
    { name: HOSTING_TIMER, at: null },
    { name: PICK_TIMER, at: null },
    { name: FORGET_TIMER, at: ctx.now + options.keepEndedMs, command: 'forget' },
  );
}

/** The battle is over: everybody hears of it, and what is to be kept goes to storage. */
export function end(state: MatchState, how: BattleEnd, ctx: DecideContext, options: MatchOptions): Parts {
  const into = parts();
  const battleId = ctx.self.id;
  // An engine that says so itself may do so before its autohost has answered where it runs.
  if (!state.host) {
    fail(state, 'refused', ctx, options, into);
    return into;
  }
  into.events.push(event('ended', { how, at: ctx.now }));
  into.timers.push(...[TELL_TIMER, HOLD_TIMER, LENGTH_TIMER].map((name) => ({ name, at: null })), {
    name: FORGET_TIMER,
    at: ctx.now + options.keepEndedMs,
    command: 'forget',
  });
  const ended = battleEnded(battleId, state);
  for (const { userId } of membersOf(state))
    into.sends.push({ to: entity(PLAYER_KIND, userId), command: 'battleOver', data: ended });
  into.sends.push(
    { to: state.owner!, command: 'battleEnded', data: { battleId, how } },
    {
      to: entity(BATTLE_RECORDS_KIND, battleId),
      command: 'record',
      data: battleRecord(battleId, state, how, ctx.now),
      answer: 'stored',
    },
    dismissal(state.host.autohost, how !== 'quit' && how !== 'crashed'),
  );
  return into;
}

/** Storage has it, or will never take it: asking again would not help. */
export function stored(state: MatchState, answer: MatchRules['stored']['data'], lost: () => void): Decided<'stored'> {
  if (!state.ended || state.ended.stored) return {};
  if (!answer.ok) lost();
  return { events: [event('stored', null)] };
}

export function forget(state: MatchState, _: unknown, ctx: DecideContext, options: MatchOptions): Decided<'forget'> {
  if (state.phase !== 'ended') return {};
  if (state.ended!.stored) return { events: [event('forgotten', null)] };
  return { timers: [{ name: FORGET_TIMER, at: ctx.now + options.keepEndedMs, command: 'forget' }] };
}
