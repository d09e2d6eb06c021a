import { type Accounts, type EntityRef, type Metrics, playerId } from '@muster/ports';
import { type ActorKind, defineActor, type Publication } from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import { type AccountView, accountView, privateUser, publicUser, statusOf } from './account.js';
import {
  NOTICE_ENDED,
  NOTICE_SUPERSEDED,
  NOTICE_UNWATCH,
  NOTICE_WATCH,
  PLAYER_KIND,
  type PlayerCommands,
  type PlayerEvents,
  PUBLIC_TOPIC,
  REASON_UNKNOWN_USER,
  SELF_TOPIC,
  type SelfSnapshot,
} from './contract.js';
import { emptyInbox, keep, messagesAfter } from './inbox.js';
import { receive, send, subscribeReceived } from './messaging.js';
import { type PlayerOptions, playerOptions } from './options.js';
import { adopted, attach, connected, connectionLost, detach, graceOver } from './session.js';
import { initialState, type PlayerState } from './state.js';
import { checkTimedOut, existsAnswered, subscribeUpdates, unsubscribeUpdates } from './watching.js';

export interface PlayerDependencies {
  /** Where accounts are read. Rejecting refuses the waiting commands (retryable). */
  readonly accounts: Pick<Accounts, 'byId'>;
  readonly metrics: Metrics;
  readonly options?: Partial<PlayerOptions>;
}

export type PlayerKind = ActorKind<PlayerState, PlayerCommands, PlayerEvents>;

/** `player/<userId>`: the one session per player in the cluster, who it follows, and the messages it was sent. */
export function playerKind({ accounts, metrics, options: changes }: PlayerDependencies): PlayerKind {
  const options = playerOptions(changes);
  const dropped = metrics.counter('muster_play_messages_dropped_total', 'Messages to players that nobody will read');
  return defineActor<PlayerState, PlayerCommands, PlayerEvents>(PLAYER_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    load: async (id) => {
      const account = isUserId(id) ? await accounts.byId(playerId(id)) : undefined;
      return account ? accountView(account) : null;
    },
    initial: (_, seed) => initialState((seed as AccountView | null | undefined) ?? null),
    // Without a session nothing is worth keeping: the next sign-in reads the account again.
    blank: (state) => state.session === null && state.checks.length === 0,
    decide: {
      attach: (state, data, ctx) => attach(state, data, ctx, options),
      detach: (state, data, ctx) => detach(state, data, ctx, options),
      connected,
      connectionLost: (state, data, ctx) => connectionLost(state, data, ctx, options),
      adopted: (state, data, ctx) => adopted(state, data, ctx, options),
      graceOver,
      info: (state, _, ctx) => {
        const user = publicUser(state, ctx.self.id);
        return user ? { reply: user } : { refuse: { reason: REASON_UNKNOWN_USER } };
      },
      exists: (state) => ({ reply: { exists: state.account !== null } }),
      isAwaited: (state) => ({ reply: { isAwaited: state.session !== null } }),
      subscribeUpdates: (state, data, ctx) => subscribeUpdates(state, data, ctx, options),
      unsubscribeUpdates,
      existsAnswered: (state, answer) => existsAnswered(state, answer, options),
      checkTimedOut,
      send,
      receive: (state, data, ctx) => receive(state, data, ctx, dropped),
      subscribeReceived,
    },
    evolve: evolution(options),
    publish: PUBLISH,
    topics: {
      [SELF_TOPIC]: (state, self): SelfSnapshot => ({
        session: state.session?.id ?? null,
        user: privateUser(state, self.id) ?? null,
        ...(state.session?.messaging && { messages: messagesAfter(state.inbox, state.session.messagesAfter ?? 0) }),
      }),
      [PUBLIC_TOPIC]: (state, self) => ({ users: [publicUser(state, self.id)].flatMap((user) => user ?? []) }),
    },
    adopted: 'adopted',
    subscriberCame: { [SELF_TOPIC]: 'connected' },
    subscriberLost: { [SELF_TOPIC]: 'connectionLost' },
    // Operators see that there are messages, not what they say.
    describe: (state) => ({ ...state, inbox: { kept: state.inbox.messages.length, count: state.inbox.count } }),
  });
}

function evolution(options: PlayerOptions): PlayerKind['evolve'] {
  return {
    accountRead: (state, { account }) => {
      state.account = account;
    },
    attached: (state, { session, gateway, login, until, inbox, watched, messaging }) => {
      state.session = { id: session, gateway, login, suspendedUntil: until, messaging };
      state.logins = Math.max(state.logins, login);
      state.checks = [];
      state.watched = [...watched];
      if (inbox !== null) state.inbox = emptyInbox(inbox);
    },
    listening: (state, { process }) => {
      state.listeners = [...state.listeners, process].slice(-options.listenersMax);
    },
    listensNoLonger: (state, { process }) => {
      state.listeners = state.listeners.filter((listener) => listener !== process);
    },
    adopted: (state, { until, inbox }) => {
      state.listeners = [];
      if (inbox !== null) state.inbox = { ...state.inbox, prefix: inbox };
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
      state.watched = [];
      state.checks = [];
      state.inbox = emptyInbox('');
    },
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
    received: (state, message) => keep(state.inbox, message, options.inboxMessagesMax),
    messagingSubscribed: (state, { after }) => {
      if (!state.session) return;
      state.session.messaging = true;
      state.session.messagesAfter = after;
    },
  };
}

const PUBLISH: NonNullable<PlayerKind['publish']> = {
  accountRead: (state, _, self) => [toPublic({ users: [publicUser(state, self.id)] })],
  // Only where a session begins: a connection that comes back within its grace was never seen to go.
  attached: (state, { inbox }, self) => (inbox === null ? [] : [statusChange(state, self)]),
  superseded: (_, data) => [toSelf(NOTICE_SUPERSEDED, data)],
  ended: (state, data, self) => [toSelf(NOTICE_ENDED, data), statusChange(state, self)],
  watched: (state, { userIds }) => [toSelf(NOTICE_WATCH, { session: state.session?.id, userIds })],
  unwatched: (state, { userIds }) => [toSelf(NOTICE_UNWATCH, { session: state.session?.id, userIds })],
  received: (state) => (state.session?.messaging ? receivedAfter(state, state.inbox.count - 1) : []),
  messagingSubscribed: (state, { after }) => receivedAfter(state, after),
};

function receivedAfter(state: PlayerState, after: number): readonly Publication[] {
  return messagesAfter(state.inbox, after).map((message) => toSelf('messaging/received', message));
}

function statusChange(state: PlayerState, self: EntityRef): Publication {
  return toPublic({ users: [{ userId: self.id, status: statusOf(state) }] });
}

function toSelf(name: string, data: unknown): Publication {
  return { topic: SELF_TOPIC, name, data };
}

function toPublic(data: unknown): Publication {
  return { topic: PUBLIC_TOPIC, name: 'user/updated', data };
}
