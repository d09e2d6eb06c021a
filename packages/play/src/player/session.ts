// The player's one session in the cluster.
//
//   offline ── attach ──► suspended ── its gateway listens, or a command ──► connected
//      ▲                   │  ▲  ▲                                             │  │
//      ├── grace over ─────┘  │  └──────────── connection lost ────────────────┘  │
//      │                      └── newer attach (the older one is superseded) ─────┤
//      └─────────────────────────────── clean detach ─────────────────────────────┘
//
// A gateway may die or be cut off in any state. Its loss is noticed where it listens to this actor, so a session that is not yet, or no
// longer, listened to has 30 s to be. The owner of this actor may die: with its successor every session is suspended anew, as nobody
// listens there yet, and one that the successor does not know is brought back by its gateway (`attach` with `resume`). Two gateways may bring back two sessions of one player; the higher sign-in number wins,
// whoever comes first.
import { token } from '@muster/ports';
import { type Adopted, type DecideContext, event, type TimerChange } from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import { sameAccount } from './account.js';
import {
  type AttachData,
  type AttachReply,
  NOTICE_ENDED,
  NOTICE_SUPERSEDED,
  REASON_SUPERSEDED,
  REASON_UNKNOWN_USER,
  type SessionCommands,
  type SessionEvents,
} from './contract.js';
import type { PlayerOptions } from './options.js';
import { toPublic, toSelf } from './publishing.js';
import { type Decided, joined, type Pieces, type PlayerSlice, type SliceTools, type Whole } from './slice.js';
import { GRACE_TIMER, type PlayerState, type SessionPart, stillThere } from './state.js';

/** Bytes of the markers' prefix: two sessions of one player must not share it. */
const INBOX_PREFIX_BYTES = 6;

export function sessionSlice(tools: SliceTools): PlayerSlice<SessionCommands, SessionEvents, SessionPart> {
  const { options, whole } = tools;
  return {
    name: 'session',
    version: 1,
    initial: () => ({ session: null, listeners: [], logins: 0 }),
    decide: {
      attach: (state, data, ctx) => attach(state, data, ctx, tools),
      detach: (state, data, ctx) => detach(state, data, ctx, tools),
      connected,
      connectionLost: (state, data, ctx) => connectionLost(state, data, ctx, options),
      adopted: (state, data, ctx) => joined(adopted(state, data, ctx, options), whole.adopted(state, data, ctx)),
      graceOver: (state, data, ctx) => graceOver(state, data, ctx, tools),
      isAwaited: (state) => ({ reply: { isAwaited: state.session !== null } }),
    },
    evolve: evolution(options),
    publish: {
      // Only where a session begins: a connection that comes back within its grace was never seen to go.
      attached: (state, { inbox }, self) =>
        inbox === null ? [] : [toPublic(self, { status: whole.publicUser(state, self)?.status ?? 'menu' })],
      superseded: (_, data) => [toSelf(NOTICE_SUPERSEDED, data)],
      ended: (_, data, self) => [toSelf(NOTICE_ENDED, data), toPublic(self, { status: 'offline' })],
    },
    blank: (state) => state.session === null,
  };
}

function evolution(options: PlayerOptions): PlayerSlice<SessionCommands, SessionEvents, SessionPart>['evolve'] {
  return {
    attached: (state, { session, gateway, login, until, messaging }) => {
      state.session = { id: session, gateway, login, suspendedUntil: until, messaging };
      state.logins = Math.max(state.logins, login);
    },
    listening: (state, { process }) => {
      state.listeners = [...state.listeners, process].slice(-options.listenersMax);
    },
    listensNoLonger: (state, { process }) => {
      state.listeners = state.listeners.filter((listener) => listener !== process);
    },
    adopted: (state, { until }) => {
      state.listeners = [];
      if (state.session) state.session.suspendedUntil = until;
    },
    superseded: () => undefined,
    suspended: (state, { until }) => {
      if (state.session) state.session.suspendedUntil = until;
    },
    resumed: (state) => {
      if (state.session) state.session.suspendedUntil = null;
    },
    ended: (state) => {
      state.session = null;
      // Its gateway stops listening without a word; whoever attaches next asks anew.
      state.listeners = [];
    },
  };
}

function attach(
  state: PlayerState,
  data: AttachData,
  ctx: DecideContext,
  { options, whole }: SliceTools,
): Decided<AttachReply> {
  const { origin } = ctx;
  if (origin.type !== 'client' || origin.caller !== ctx.self.id || origin.session !== data.session)
    return { refuse: { reason: 'unauthorized', details: 'only the session itself may attach' } };
  const account = data.account ?? state.account;
  if (!account) return { refuse: { reason: REASON_UNKNOWN_USER } };
  if (data.resume && isOlder(state, data)) return { refuse: { reason: REASON_SUPERSEDED } };
  const read = sameAccount(state.account, account) ? [] : [event('accountRead', { account })];
  const current = state.session;
  if (current?.id === data.session) {
    const back = stillThere(state);
    return { events: [...read, ...back.events], timers: back.timers, reply: attachReply(current !== null, whole) };
  }
  const login = data.resume && data.login ? data.login : state.logins + 1;
  const resumed = current !== null;
  // A gateway may be heard of twice, in either order: as one that listens, and as one that attaches.
  const until = state.listeners.includes(data.gateway) ? null : ctx.now + options.graceMs;
  const others = whole.attached(state, ctx);
  return {
    events: [
      ...read,
      ...(others.events ?? []),
      ...(current ? [event('superseded', { session: current.id })] : []),
      event('attached', {
        session: data.session,
        gateway: data.gateway,
        login,
        until,
        inbox: resumed ? null : token(ctx.random, INBOX_PREFIX_BYTES),
        ...takenOver(state, data, options),
      }),
    ],
    sends: others.sends ?? [],
    timers: [
      ...(others.timers ?? []),
      until === null ? { name: GRACE_TIMER, at: null } : graceTimer(data.session, until),
    ],
    resolve: others.resolve ?? [],
    reply: attachReply(resumed, whole),
  };
}

/** True where a newer sign-in is known than the one that wants to come back. */
function isOlder(state: PlayerState, data: AttachData): boolean {
  if (state.session?.id === data.session) return false;
  if (data.login === undefined) return state.session !== null;
  return data.login < state.logins || (state.session !== null && data.login <= state.session.login);
}

/** A connection that comes back knows best what it follows; a new one goes on with what the session has. */
function takenOver(
  state: PlayerState,
  { resume, held }: AttachData,
  options: PlayerOptions,
): { readonly watched: readonly string[]; readonly messaging: boolean } {
  if (!resume || !held) return { watched: state.session ? state.watched : [], messaging: false };
  return { watched: held.userIds.filter(isUserId).slice(0, options.watchedMax), messaging: held.messaging };
}

function attachReply(resumed: boolean, whole: Whole): (state: PlayerState) => AttachReply {
  return (state) => ({
    login: state.session?.login ?? state.logins,
    resumed,
    watch: [...state.watched],
    places: whole.places(state),
  });
}

function detach(
  state: PlayerState,
  data: SessionCommands['detach']['data'],
  ctx: DecideContext,
  tools: SliceTools,
): Pieces {
  if (state.session?.id !== data.session) return {};
  return data.clean ? end(state, ctx, tools) : suspend(state, ctx.now, tools.options);
}

function connected(state: PlayerState, { subscriber }: SessionCommands['connected']['data']): Pieces {
  const back = state.session?.gateway === subscriber ? stillThere(state) : undefined;
  const events = state.listeners.includes(subscriber) ? [] : [event('listening', { process: subscriber })];
  return { events: [...events, ...(back?.events ?? [])], timers: back?.timers ?? [] };
}

/** K12: the loss of a process says nothing about a session that another gateway holds by now. */
function connectionLost(
  state: PlayerState,
  { subscriber }: SessionCommands['connectionLost']['data'],
  ctx: DecideContext,
  options: PlayerOptions,
): Pieces {
  const lost = state.session?.gateway === subscriber ? suspend(state, ctx.now, options) : {};
  if (!state.listeners.includes(subscriber)) return lost;
  return { ...lost, events: [event('listensNoLonger', { process: subscriber }), ...(lost.events ?? [])] };
}

/**
 * The grace runs from here: whoever died with the former owner has no other notice than its silence.
 * Where messages may be gone, their numbers will be given again: a client's marker of before must be unknown, not wrong, so it is told that it may
 * have missed some and gets all there are.
 */
function adopted(state: PlayerState, { mayLack }: Adopted, ctx: DecideContext, options: PlayerOptions): Pieces {
  if (!state.session)
    return state.listeners.length > 0 ? { events: [event('adopted', { until: ctx.now, inbox: null })] } : {};
  const until = ctx.now + options.graceMs;
  const inbox = mayLack ? token(ctx.random, INBOX_PREFIX_BYTES) : null;
  return { events: [event('adopted', { until, inbox })], timers: [graceTimer(state.session.id, until)] };
}

function graceOver(
  state: PlayerState,
  { session }: SessionCommands['graceOver']['data'],
  ctx: DecideContext,
  tools: SliceTools,
): Pieces {
  if (state.session?.id !== session || state.session.suspendedUntil === null) return {};
  return tools.whole.holdsSession(state) ? graceBegins(state, ctx.now, tools.options) : end(state, ctx, tools);
}

/** What held the session is over: whoever is not there has the whole grace to come back. */
export function graceBegins(state: PlayerState, now: number, options: PlayerOptions): Pieces {
  if (!state.session || state.session.suspendedUntil === null) return {};
  const session = state.session.id;
  const until = now + options.graceMs;
  return { events: [event('suspended', { session, until })], timers: [graceTimer(session, until)] };
}

function suspend(state: PlayerState, now: number, options: PlayerOptions): Pieces {
  if (!state.session || state.session.suspendedUntil !== null) return {};
  const session = state.session.id;
  const until = now + options.graceMs;
  return {
    events: [event('suspended', { session, until })],
    timers: [graceTimer(session, until)],
  };
}

function graceTimer(session: string, until: number): TimerChange {
  return { name: GRACE_TIMER, at: until, command: 'graceOver', data: { session } };
}

function end(state: PlayerState, ctx: DecideContext, { whole }: SliceTools): Pieces {
  const own: Pieces = {
    events: [event('ended', { session: state.session!.id })],
    timers: [{ name: GRACE_TIMER, at: null }],
  };
  return joined(whole.ended(state, ctx), own);
}
