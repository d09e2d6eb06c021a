// The one connection of an autohost.
//
//   away ── attach ──► unconfirmed ── its gateway listens, or it speaks ──► connected
//     ▲                    │   ▲                                              │
//     ├── not in time ─────┘   └────────────── this actor moved ──────────────┤
//     └──────────────────────── the socket or its gateway is lost ────────────┘
//
// While one is connected a second is refused: which of two is right nobody can tell, and updates come from one. While unconfirmed, a newer one
// takes over: the gateway of the older may be dead. Each connection is asked once for everything after the last update on record; it is on
// record together with the sends to the matches it is for, so what is replayed is what was not heard, and nothing is heard twice.
//
// The gateway dies: its loss is noticed where it listens. The owner of this actor dies: with its successor the connection is unconfirmed, and the
// gateway attaches again in front of what it has. Where something may be missing from the state, the connection is ended: only a new one can
// ask for a replay. The autohost dies or stays away: `goneForGood` tells its matches when nothing could be replayed any more.
import { type DecideContext, event } from '@muster/runtime';
import { unixTime } from '@muster/tachyon';
import { nextNumbers } from '../requests/table.js';
import { abandonRooms } from '../room/member.js';
import { report } from './capacity.js';
import { type AutohostCommands, REASON_CONNECTED, REASON_UNKNOWN_CONNECTION } from './contract.js';
import type { AutohostOptions } from './options.js';
import {
  type AutohostState,
  ask,
  confirm,
  type Decided,
  GONE_TIMER,
  ORPHAN_TIMER,
  type Parts,
  parts,
  REPORT_TIMER,
  UNCONFIRMED_TIMER,
} from './state.js';

export function attach(
  state: AutohostState,
  data: AutohostCommands['attach']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'attach'> {
  const { origin } = ctx;
  if (origin.type !== 'client' || origin.caller !== ctx.self.id || origin.session !== data.session)
    return { refuse: { reason: 'unauthorized', details: 'only the connection itself may attach' } };
  const into = parts();
  const current = state.session;
  if (current?.id === data.session) {
    confirm(state, into);
    return into;
  }
  // What was heard of it is lost, or another one has its place: it must begin anew, for that alone brings a replay.
  if (data.resume) return { refuse: { reason: REASON_UNKNOWN_CONNECTION } };
  if (current?.confirmed) return { refuse: { reason: REASON_CONNECTED } };
  if (current) into.events.push(event('superseded', { session: current.id }));
  const { session, gateway, region } = data;
  // A gateway may be heard of twice, in either order: as one that listens, and as one that attaches.
  const confirmed = state.listeners.includes(gateway);
  into.events.push(event('attached', { session, gateway, region, confirmed }));
  into.timers.push(
    confirmed
      ? { name: UNCONFIRMED_TIMER, at: null }
      : { name: UNCONFIRMED_TIMER, at: ctx.now + options.unconfirmedMs, command: 'unconfirmed', data: { session } },
    { name: GONE_TIMER, at: null },
  );
  subscribe(state, ctx, options, into);
  const { events, sends, resolve } = abandonRooms(state);
  return { ...into, events: [...into.events, ...events], sends: [...into.sends, ...sends], resolve };
}

/** Asks for all updates after the last on record, as far back as the autohost keeps them. `again`: that was too far for it. */
export function subscribe(
  state: AutohostState,
  ctx: DecideContext,
  options: AutohostOptions,
  into: Parts,
  again = false,
): void {
  const kept = unixTime(ctx.now - options.replayWindowMs + options.replayMarginMs);
  // Also where nothing was ever heard of it: a battle may run that has said nothing yet, or this actor may have lost what it knew.
  const since = again ? unixTime(ctx.now) : Math.max(state.since, kept);
  const [n] = nextNumbers(state.requests, ctx.now);
  const request = {
    n: n!,
    commandId: 'autohost/subscribeUpdates',
    data: { since },
    deadlineAt: ctx.now + options.commandMs,
    context: { for: 'subscribe', again },
  } as const;
  ask(state, [request], into, subscribing(state));
}

function subscribing({ requests }: AutohostState): readonly number[] {
  return requests.open.filter(({ context }) => context.for === 'subscribe').map(({ n }) => n);
}

export function detach(
  state: AutohostState,
  { session }: AutohostCommands['detach']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'detach'> {
  return state.session?.id === session ? lose(state, ctx, options) : {};
}

export function connected(
  state: AutohostState,
  { subscriber }: AutohostCommands['connected']['data'],
): Decided<'connected'> {
  const into = parts();
  if (!state.listeners.includes(subscriber)) into.events.push(event('listening', { process: subscriber }));
  if (state.session?.gateway === subscriber) confirm(state, into);
  return into;
}

export function connectionLost(
  state: AutohostState,
  { subscriber }: AutohostCommands['connectionLost']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'connectionLost'> {
  const into = state.session?.gateway === subscriber ? lose(state, ctx, options) : parts();
  if (state.listeners.includes(subscriber)) into.events.unshift(event('listensNoLonger', { process: subscriber }));
  return into;
}

export function unconfirmed(
  state: AutohostState,
  { session }: AutohostCommands['unconfirmed']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'unconfirmed'> {
  return state.session?.id === session && !state.session.confirmed ? lose(state, ctx, options) : {};
}

export function adopted(
  state: AutohostState,
  { mayLack }: AutohostCommands['adopted']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'adopted'> {
  // `since` may be older than what was answered: what came after it must be replayed.
  if (state.session && mayLack) {
    const into = lose(state, ctx, options);
    into.events.unshift(event('adopted', null));
    return into;
  }
  const into = parts();
  into.events.push(event('adopted', null));
  if (!state.session) return into;
  const { id } = state.session;
  const at = ctx.now + options.unconfirmedMs;
  into.timers.push({ name: UNCONFIRMED_TIMER, at, command: 'unconfirmed', data: { session: id } });
  return into;
}

/** Ends the connection; the battles wait for the next one. */
export function lose(state: AutohostState, ctx: DecideContext, options: AutohostOptions): Parts {
  const into = parts();
  // What else it was asked waits for the next connection.
  ask(state, [], into, subscribing(state));
  into.events.push(event('lost', { session: state.session!.id, at: ctx.now }));
  into.timers.push(
    { name: UNCONFIRMED_TIMER, at: null },
    { name: ORPHAN_TIMER, at: null },
    { name: REPORT_TIMER, at: null },
    { name: GONE_TIMER, at: ctx.now + options.replayWindowMs, command: 'goneForGood' },
  );
  report({ ...state, session: null }, into);
  return into;
}
