import { type ActorKind, type DecideContext, type Decision, defineActor, event } from '@muster/runtime';
import {
  AUTOHOST_KIND,
  AUTOHOST_POOL_KIND,
  type AutohostPoolCommands,
  type PickData,
  type PoolReport,
} from './contract.js';
import { type AutohostOptions, autohostOptions } from './options.js';

// Which autohosts of a region have room: an index, rebuilt from their reports within one interval of them. What it says may be old, so the
// autohost's own actor has the last word; whoever is refused there asks for another.

export interface PoolEntry extends PoolReport {
  readonly at: number;
  /** Given away since it reported: what it has not counted yet. */
  picked: number;
}

export interface PoolState {
  /** Wall clock; null: nobody has reported. */
  since: number | null;
  /** By bot id. */
  autohosts: Record<string, PoolEntry>;
}

export interface PoolEvents {
  reported: { readonly autohost: string; readonly report: PoolReport; readonly at: number };
  asked: { readonly at: number };
  picked: { readonly autohost: string };
}

export type AutohostPoolKind = ActorKind<PoolState, AutohostPoolCommands, PoolEvents>;

export function autohostPoolKind(changes: Partial<AutohostOptions> = {}): AutohostPoolKind {
  const options = autohostOptions(changes);
  return defineActor<PoolState, AutohostPoolCommands, PoolEvents>(AUTOHOST_POOL_KIND, {
    durability: 'ephemeral',
    version: 1,
    initial: () => ({ since: null, autohosts: {} }),
    blank: ({ autohosts }) => Object.keys(autohosts).length === 0,
    decide: {
      report: (_, report, ctx) => {
        const { origin } = ctx;
        if (origin.type !== 'entity' || origin.from.kind !== AUTOHOST_KIND)
          return { refuse: { reason: 'unauthorized', details: 'this is for autohosts' } };
        return { events: [event('reported', { autohost: origin.from.id, report, at: ctx.now })] };
      },
      pick: (state, data, ctx) => pick(state, data, ctx, options),
    },
    evolve: {
      reported: (state, { autohost, report, at }) => {
        state.since ??= at;
        for (const [id, entry] of Object.entries(state.autohosts))
          if (at - entry.at > options.reportKeepMs) delete state.autohosts[id];
        delete state.autohosts[autohost];
        if (report.connected && Object.keys(state.autohosts).length < options.poolMax)
          state.autohosts[autohost] = { ...report, at, picked: 0 };
      },
      asked: (state, { at }) => {
        state.since ??= at;
      },
      picked: (state, { autohost }) => {
        state.autohosts[autohost]!.picked += 1;
      },
    },
  });
}

/** The one with the smallest part of its room in use; of equals the one with more room, then by id. */
function pick(
  state: PoolState,
  { engine, not }: PickData,
  ctx: DecideContext,
  options: AutohostOptions,
): Decision<PoolState, PoolEvents, AutohostPoolCommands['pick']['reply']> {
  const known = Object.entries(state.autohosts).filter(
    ([id, { at }]) => ctx.now - at <= options.reportKeepMs && !not.includes(id),
  );
  const able = known.filter(([, { engines }]) => engines.includes(engine));
  let best: readonly [string, PoolEntry] | undefined;
  for (const one of able) {
    const { maxBattles } = one[1];
    if (used(one[1]) < maxBattles && (!best || isBetter(one, best))) best = one;
  }
  if (best) return { events: [event('picked', { autohost: best[0] })], reply: { autohost: best[0] } };
  // Whoever has not had time to report since this index came to life may have room.
  const young = state.since === null || ctx.now - state.since <= options.reportMs;
  const why = known.length > 0 && able.length === 0 ? 'no_engine' : 'no_autohost';
  return { events: [event('asked', { at: ctx.now })], reply: { autohost: null, why, young } };
}

function used({ battles, picked }: PoolEntry): number {
  return battles + picked;
}

function isBetter([id, a]: readonly [string, PoolEntry], [bestId, b]: readonly [string, PoolEntry]): boolean {
  const byPart = used(a) / a.maxBattles - used(b) / b.maxBattles;
  if (byPart !== 0) return byPart < 0;
  if (a.maxBattles !== b.maxBattles) return a.maxBattles > b.maxBattles;
  return id < bestId;
}
