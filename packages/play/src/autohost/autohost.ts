import type { Counter, Metrics } from '@muster/ports';
import { type ActorKind, defineActor, type Publication } from '@muster/runtime';
import { autohostLeftRoom } from '@muster/tachyon';
import { NOTICE_ENDED, NOTICE_SUPERSEDED } from '../player/contract.js';
import { NOTICE_REQUEST, NOTICE_REQUEST_OVER } from '../requests/contract.js';
import { close, noticeOf, open } from '../requests/table.js';
import { confirmRoom, roomAdmitted, roomChanged, roomConfirmed, roomHeard, roomLeft } from '../room/member.js';
import { answered, installEngine, requestsDue } from './asking.js';
import { battleCommand, forgetBattle, goneForGood, holdBattle, orphansDue, startBattle } from './battles.js';
import { reportDue, reported, status } from './capacity.js';
import { adopted, attach, connected, connectionLost, detach, unconfirmed } from './connection.js';
import {
  AUTOHOST_KIND,
  AUTOHOST_TOPIC,
  type AutohostCommands,
  type AutohostEvents,
  type AutohostSnapshot,
} from './contract.js';
import { type AutohostOptions, autohostOptions } from './options.js';
import { joinRoom, leaveOne } from './rooms.js';
import { type AutohostState, initialState, isBlank } from './state.js';
import { newsHeard, takeNews, type UpdateDrop, update } from './updates.js';

export interface AutohostDependencies {
  readonly metrics: Metrics;
  readonly options?: Partial<AutohostOptions>;
}

export type AutohostKind = ActorKind<AutohostState, AutohostCommands, AutohostEvents>;

/** How many gateways may be remembered to listen. */
const LISTENERS_MAX = 8;

/** `autohost/<bot id>`: a connected autohost, what it can run, and what it was asked. */
export function autohostKind({ metrics, options: changes }: AutohostDependencies): AutohostKind {
  const options = autohostOptions(changes);
  const drops: Counter = metrics.counter(
    'muster_play_autohost_updates_dropped_total',
    'Updates of autohosts that no match was told of, by reason',
  );
  const dropped = (reason: UpdateDrop): void => drops.add(1, { reason });
  return defineActor<AutohostState, AutohostCommands, AutohostEvents>(AUTOHOST_KIND, {
    durability: 'replicated',
    version: 2,
    upgrade: (saved) => ({ ...initialState(), ...(saved as Partial<AutohostState>) }),
    passivateAfterMs: options.passivateAfterMs,
    initial: initialState,
    blank: isBlank,
    decide: {
      attach: (state, data, ctx) => attach(state, data, ctx, options),
      detach: (state, data, ctx) => detach(state, data, ctx, options),
      connected,
      connectionLost: (state, data, ctx) => connectionLost(state, data, ctx, options),
      adopted: (state, data, ctx) => adopted(state, data, ctx, options),
      unconfirmed: (state, data, ctx) => unconfirmed(state, data, ctx, options),
      goneForGood,
      status: (state, data, ctx) => status(state, data, ctx, options),
      update: (state, data, ctx) => update(state, data, ctx, options, dropped),
      newsHeard,
      answered: (state, data, ctx) => answered(state, data, ctx, options),
      requestsDue: (state, data, ctx) => requestsDue(state, data, ctx, options),
      orphansDue: (state, data, ctx) => orphansDue(state, data, ctx, options),
      reportDue: (state, data, ctx) => reportDue(state, data, ctx, options),
      reported,
      startBattle: (state, data, ctx) => startBattle(state, data, ctx, options),
      battleCommand: (state, data, ctx) => battleCommand(state, data, ctx, options),
      holdBattle: (state, data, ctx) => holdBattle(state, data, ctx, options),
      forgetBattle: (state, data, ctx) => forgetBattle(state, data, ctx, options),
      installEngine: (state, data, ctx) => installEngine(state, data, ctx, options),
      joinRoom: (state, data, ctx) => joinRoom(state, data, ctx, options),
      leaveRoom: leaveOne,
      roomAdmitted,
      roomLeft,
      roomConfirmed,
      roomHeard,
      confirmRoom: (state, _, ctx) => confirmRoom(state, ctx),
    },
    evolve: evolution(options),
    publish: PUBLISH,
    topics: {
      [AUTOHOST_TOPIC]: (state): AutohostSnapshot => ({
        session: state.session?.id ?? null,
        requests: state.session ? state.requests.open.map((request) => noticeOf(state.session!.id, request)) : [],
      }),
    },
    adopted: 'adopted',
    subscriberCame: { [AUTOHOST_TOPIC]: 'connected' },
    subscriberLost: { [AUTOHOST_TOPIC]: 'connectionLost' },
    // Start scripts have the players' passwords in them.
    describe: ({ requests, ...state }) => ({
      ...state,
      requests: requests.open.map(({ n, commandId, deadlineAt, context }) => ({ n, commandId, deadlineAt, context })),
    }),
  });
}

function evolution(options: AutohostOptions): AutohostKind['evolve'] {
  return {
    attached: (state, { session, gateway, region, confirmed }) => {
      state.session = { id: session, gateway, confirmed, ready: false };
      state.region = region;
      state.lostAt = null;
    },
    superseded: (state) => {
      state.session = null;
    },
    confirmed: (state) => {
      if (state.session) state.session.confirmed = true;
    },
    listening: (state, { process }) => {
      state.listeners = [...state.listeners, process].slice(-LISTENERS_MAX);
    },
    listensNoLonger: (state, { process }) => {
      state.listeners = state.listeners.filter((listener) => listener !== process);
    },
    adopted: (state) => {
      state.listeners = [];
      if (state.session) state.session.confirmed = false;
    },
    lost: (state, { at }) => {
      state.session = null;
      state.lostAt = at;
    },
    gone: (state) => {
      state.lostAt = null;
    },
    statusTold: (state, { maxBattles, currentBattles, availableEngines }) => {
      state.status = { maxBattles, currentBattles, availableEngines };
      if (state.session) state.session.ready = true;
    },
    asked: (state, request) => open(state.requests, request),
    requestOver: (state, { n }) => close(state.requests, n),
    battleTaken: (state, { battleId, at }) => {
      state.battles[battleId] ??= { since: at, queued: [], sending: false };
      if (!state.session) state.lostAt ??= at;
    },
    battleDropped: (state, { battleId, lost }) => {
      delete state.battles[battleId];
      if (lost) state.lost = [...state.lost.filter((id) => id !== battleId), battleId].slice(-options.lostKept);
    },
    heard: takeNews,
    newsDone: (state, { battleId }) => {
      const battle = state.battles[battleId];
      if (battle) battle.sending = false;
    },
    roomChanged,
    roomLost: () => undefined,
    reporting: (state, { on }) => {
      state.reporting = on;
    },
  };
}

const PUBLISH: NonNullable<AutohostKind['publish']> = {
  superseded: (_, data) => [notice(NOTICE_SUPERSEDED, data)],
  lost: (_, { session }) => [notice(NOTICE_ENDED, { session })],
  roomLost: (state, lost) => (state.session ? [notice(autohostLeftRoom.commandId, lost)] : []),
  asked: (state, request) => (state.session ? [notice(NOTICE_REQUEST, noticeOf(state.session.id, request))] : []),
  requestOver: (state, { n }) => (state.session ? [notice(NOTICE_REQUEST_OVER, { session: state.session.id, n })] : []),
};

function notice(name: string, data: unknown): Publication {
  return { topic: AUTOHOST_TOPIC, name, data };
}
