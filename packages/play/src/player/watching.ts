// Following other users. `user/subscribeUpdates` is all or nothing, so unknown users are looked for first: the actor asks each
// `player/<id>` whether it exists and defers the reply. This is a conversation, not a wait: other commands go on meanwhile, and the
// look-ups are part of the state. What is followed reaches the gateway as a notice on `self`; the gateway subscribes to the users'
// `public` topics and gets each one's state first, so no update falls between the look-up and the subscription.
import { type Answer, type DecideContext, type Decision, event, type Refusal } from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import { PLAYER_KIND, type PlayerCommands, type PlayerEvents } from './contract.js';
import type { PlayerOptions } from './options.js';
import { type PlayerState, refuseStranger, type SubscriptionCheck, stillThere } from './state.js';

type Decided = Decision<PlayerState, PlayerEvents, null>;

export function subscribeUpdates(
  state: PlayerState,
  { userIds }: PlayerCommands['subscribeUpdates']['data'],
  ctx: DecideContext,
  options: PlayerOptions,
): Decided {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const bad = userIds.find((id) => !isUserId(id));
  if (bad !== undefined) return { refuse: { reason: 'invalid_request', details: `${bad.slice(0, 32)} is no user id` } };
  const wanted = [...new Set(userIds)];
  if (isTooMany(state, wanted, options)) return { refuse: tooMany(options) };
  const waiting = wanted.filter((id) => id !== ctx.self.id && !state.watched.includes(id));
  const back = stillThere(state);
  if (waiting.length === 0)
    return { events: [...back.events, event('watched', { userIds: wanted })], timers: back.timers };
  if (state.checks.length >= options.checksMax)
    return { refuse: { reason: 'invalid_request', details: 'too many users are being looked up already' } };
  const check = state.checksStarted + 1;
  return {
    events: [...back.events, event('checkStarted', { check, ticket: ctx.ticket, userIds: wanted, waiting })],
    sends: waiting.map((id) => ({
      to: { kind: PLAYER_KIND, id },
      command: 'exists',
      data: {},
      answer: 'existsAnswered',
      context: { check },
    })),
    timers: [
      ...back.timers,
      { name: timerOf(check), at: ctx.now + options.checkTimeoutMs, command: 'checkTimedOut', data: { check } },
    ],
    defer: true,
  };
}

export function existsAnswered(state: PlayerState, answer: Answer, options: PlayerOptions): Decided {
  const { check: number } = answer.context as { readonly check: number };
  const check = state.checks.find(({ check }) => check === number);
  // The check ended before: another user was unknown, or the session is over.
  if (!check) return {};
  if (!answer.ok)
    return endCheck(check, { reason: 'internal_error', details: 'a user could not be looked up, try again' });
  if (!(answer.value as { readonly exists: boolean }).exists)
    return endCheck(check, { reason: 'invalid_request', details: `no user has the id ${answer.from.id}` });
  const missing = check.waiting.filter((id) => id !== answer.from.id);
  if (missing.length > 0) return { events: [event('userFound', { check: number, userId: answer.from.id })] };
  // Other subscriptions may have ended in the meantime.
  if (isTooMany(state, check.userIds, options)) return endCheck(check, tooMany(options));
  return {
    events: [event('checkEnded', { check: number }), event('watched', { userIds: check.userIds })],
    timers: [{ name: timerOf(number), at: null }],
    resolve: [{ ticket: check.ticket, reply: null }],
  };
}

export function checkTimedOut(state: PlayerState, data: PlayerCommands['checkTimedOut']['data']): Decided {
  const check = state.checks.find(({ check }) => check === data.check);
  return check ? endCheck(check, { reason: 'internal_error', details: 'users could not be looked up, try again' }) : {};
}

export function unsubscribeUpdates(
  state: PlayerState,
  { userIds }: PlayerCommands['unsubscribeUpdates']['data'],
  ctx: DecideContext,
): Decided {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const followed = [...new Set(userIds)].filter((id) => state.watched.includes(id));
  const back = stillThere(state);
  const events = followed.length === 0 ? [] : [event('unwatched', { userIds: followed })];
  return { events: [...back.events, ...events], timers: back.timers };
}

function endCheck({ check, ticket }: SubscriptionCheck, refuse: Refusal): Decided {
  return {
    events: [event('checkEnded', { check })],
    timers: [{ name: timerOf(check), at: null }],
    resolve: [{ ticket, refuse }],
  };
}

function isTooMany(state: PlayerState, wanted: readonly string[], options: PlayerOptions): boolean {
  return new Set([...state.watched, ...wanted]).size > options.watchedMax;
}

function tooMany(options: PlayerOptions): Refusal {
  return { reason: 'subscription_limit_reached', details: `at most ${options.watchedMax} users can be followed` };
}

function timerOf(check: number): string {
  return `check:${check}`;
}
