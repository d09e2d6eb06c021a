import type { Metrics } from '@muster/ports';
import { type ActorKind, type DecideContext, type Decision, defineActor, event } from '@muster/runtime';
import type { LobbyOverview } from '@muster/tachyon';
import { LOBBY_KIND } from '../lobby/contract.js';
import { LIST_CHANGED, LIST_TOPIC, type ListedLobbies, LOBBY_LIST_KIND, type LobbyListCommands } from './contract.js';
import { type LobbyListOptions, lobbyListOptions } from './options.js';

export interface LobbyListState {
  /** By lobby. */
  lobbies: Record<string, { readonly overview: LobbyOverview; readonly at: number }>;
}

export interface LobbyListEvents {
  listed: { readonly id: string; readonly overview: LobbyOverview; readonly isNews: boolean };
  gone: { readonly ids: readonly string[] };
}

export interface OwnLobbyListCommands extends LobbyListCommands {
  sweep: { data: unknown; reply: null };
}

export type LobbyListKind = ActorKind<LobbyListState, OwnLobbyListCommands, LobbyListEvents>;

const SWEEP_TIMER = 'sweep';

/** `lobby-list/<n>`: lines of the lobbies that belong there, as they said last. Lost with its process, and whole again when each has spoken. */
export function lobbyListKind(metrics: Metrics, changes: Partial<LobbyListOptions> = {}): LobbyListKind {
  const options = lobbyListOptions(changes);
  const dropped = metrics.counter(
    'muster_play_lobbies_unlisted_total',
    'Lines of lobbies that the list has no room for',
  );
  return defineActor<LobbyListState, OwnLobbyListCommands, LobbyListEvents>(LOBBY_LIST_KIND, {
    durability: 'ephemeral',
    version: 1,
    initial: () => ({ lobbies: {} }),
    blank: ({ lobbies }) => Object.keys(lobbies).length === 0,
    decide: {
      listed: (state, { overview }, ctx) => {
        const { origin } = ctx;
        if (origin.type !== 'entity' || origin.from.kind !== LOBBY_KIND)
          return { refuse: { reason: 'unauthorized', details: 'lobbies speak for themselves' } };
        const { id } = origin.from;
        const known = Object.hasOwn(state.lobbies, id) ? state.lobbies[id] : undefined;
        if (!overview) return known ? { events: [event('gone', { ids: [id] })] } : {};
        if (!known && Object.keys(state.lobbies).length >= options.lobbiesMax) {
          dropped.add(1);
          return {};
        }
        const isNews = JSON.stringify(known?.overview) !== JSON.stringify(overview);
        return { events: [event('listed', { id, overview, isNews })], timers: sweeps(state, ctx, options) };
      },
      sweep: (state, _, ctx) => {
        const old = Object.entries(state.lobbies).filter(([, { at }]) => ctx.now - at > options.keepMs);
        if (old.length === 0) return { timers: [sweepAt(ctx, options)] };
        const isEmpty = old.length === Object.keys(state.lobbies).length;
        return {
          events: [event('gone', { ids: old.map(([id]) => id) })],
          timers: isEmpty ? [] : [sweepAt(ctx, options)],
        };
      },
    },
    evolve: {
      listed: (state, { id, overview }, at) => {
        state.lobbies[id] = { overview, at };
      },
      gone: (state, { ids }) => {
        for (const id of ids) delete state.lobbies[id];
      },
    },
    publish: {
      listed: (_, { id, overview, isNews }) => (isNews ? changed({ [id]: overview }) : []),
      gone: (_, { ids }) => changed(Object.fromEntries(ids.map((id) => [id, null]))),
    },
    topics: {
      [LIST_TOPIC]: ({ lobbies }): ListedLobbies =>
        Object.fromEntries(Object.entries(lobbies).map(([id, { overview }]) => [id, overview])),
    },
    describe: ({ lobbies }) => ({ lobbies: Object.keys(lobbies).length }),
  });
}

function changed(data: ListedLobbies) {
  return [{ topic: LIST_TOPIC, name: LIST_CHANGED, data }];
}

/** From the first line on. */
function sweeps(state: LobbyListState, ctx: DecideContext, options: LobbyListOptions): SweepTimers {
  return Object.keys(state.lobbies).length === 0 ? [sweepAt(ctx, options)] : [];
}

type SweepTimers = NonNullable<Decision<LobbyListState, LobbyListEvents, null>['timers']>;

function sweepAt(ctx: DecideContext, { sweepMs }: LobbyListOptions): SweepTimers[number] {
  return { name: SWEEP_TIMER, at: ctx.now + sweepMs, command: 'sweep' };
}
