// Following other users. `user/subscribeUpdates` is all or nothing, so unknown users are looked for first: the actor asks each
// `player/<id>` whether it exists and defers the reply. This is a conversation, not a wait: other commands go on meanwhile, and the
// look-ups are part of the state. What is followed reaches the gateway as a notice on `self`; the gateway subscribes to the users'
// `public` topics and gets each one's state first, so no update falls between the look-up and the subscription.
import { type Answer, type DecideContext, event, type Refusal } from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import {
  NOTICE_UNWATCH,
  NOTICE_WATCH,
  PLAYER_KIND,
  REASON_SUPERSEDED,
  type WatchingCommands,
  type WatchingEvents,
} from './contract.js';
import type { PlayerOptions } from './options.js';
import { toSelf } from './publishing.js';
import type { Decided, Pieces, PlayerSlice, SliceTools } from './slice.js';
import { type PlayerState, refuseStranger, type SubscriptionCheck, stillThere, type WatchingPart } from './state.js';

/** Whom the session follows. */
export function watchingSlice({ options }: SliceTools): PlayerSlice<WatchingCommands, WatchingEvents, WatchingPart> {
  return {
    name: 'watching',
    version: 1,
    initial: () => ({ watched: [], checks: [], checksStarted: 0 }),
    decide: {
      subscribeUpdates: (state, data, ctx) => subscribeUpdates(state, data, ctx, options),
      unsubscribeUpdates,
      existsAnswered: (state, answer) => existsAnswered(state, answer, options),
      checkTimedOut,
    },
    evolve: EVOLVE,
    publish: {
      watched: (state, { userIds }) => [toSelf(NOTICE_WATCH, { session: state.session?.id, userIds })],
      unwatched: (state, { userIds }) => [toSelf(NOTICE_UNWATCH, { session: state.session?.id, userIds })],
    },
    follow: {
      attached: (state, { watched }) => {
        state.checks = [];
        state.watched = [...watched];
      },
      ended: (state) => {
        state.watched = [];
        state.checks = [];
      },
    },
    // Who waits for a look-up on the connection that was taken over, or is gone, waits in vain.
    onAttached: giveUp,
    onEnded: giveUp,
    blank: (state) => state.checks.length === 0,
  };
}

const EVOLVE: PlayerSlice<WatchingCommands, WatchingEvents, WatchingPart>['evolve'] = {
  checkStarted: (state, check) => {
    state.checksStarted = check.check;
    state.checks.push(check);
  },
  userFound: (state, { check: number, userId }) => {
    state.checks = state.checks.map((check) =>
      check.check === number ? { ...check, waiting: check.waiting.filter((id) => id !== userId) } : check,
    );
  },
  checkEnded: (state, { check: number }) => {
    state.checks = state.checks.filter(({ check }) => check !== number);
  },
  watched: (state, { userIds }) => {
    state.watched = [...new Set([...state.watched, ...userIds])];
  },
  unwatched: (state, { userIds }) => {
    state.watched = state.watched.filter((id) => !userIds.includes(id));
  },
};

function giveUp(state: PlayerState): Pieces {
  return { resolve: state.checks.map(({ ticket }) => ({ ticket, refuse: { reason: REASON_SUPERSEDED } })) };
}

function subscribeUpdates(
  state: PlayerState,
  { userIds }: WatchingCommands['subscribeUpdates']['data'],
  ctx: DecideContext,
  options: PlayerOptions,
): Decided<null> {
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

function existsAnswered(state: PlayerState, answer: Answer, options: PlayerOptions): Decided<null> {
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

function checkTimedOut(state: PlayerState, data: WatchingCommands['checkTimedOut']['data']): Decided<null> {
  const check = state.checks.find(({ check }) => check === data.check);
  return check ? endCheck(check, { reason: 'internal_error', details: 'users could not be looked up, try again' }) : {};
}

function unsubscribeUpdates(
  state: PlayerState,
  { userIds }: WatchingCommands['unsubscribeUpdates']['data'],
  ctx: DecideContext,
): Decided<null> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const followed = [...new Set(userIds)].filter((id) => state.watched.includes(id));
  const back = stillThere(state);
  const events = followed.length === 0 ? [] : [event('unwatched', { userIds: followed })];
  return { events: [...back.events, ...events], timers: back.timers };
}

function endCheck({ check, ticket }: SubscriptionCheck, refuse: Refusal): Decided<null> {
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
