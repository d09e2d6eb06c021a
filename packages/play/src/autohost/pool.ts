import { type ActorKind, type DecideContext, type Decision, defineActor, event } from '@muster/runtime';
import { isSameReport } from './capacity.js';
import {
  AUTOHOST_KIND,
  AUTOHOST_POOL_KIND,
  type AutohostPoolCommands,
  type PickData,
  type PoolReport,
} from './contract.js';
import { type AutohostOptions, autohostOptions } from './options.js';

// Which autohosts of a region have room: an index of their reports. What it says may be old, so the autohost's own actor has the last word; whoever
// is refused there asks for another. It is replicated, so that an empty one is known to be empty: a lobby without any autohost hears so at
// once. Where it went on elsewhere, what it knew may be too old (everything stood still) or lacking: it says for one interval of reports that it is young.

export interface PoolEntry extends PoolReport {
  readonly at: number;
  /** Given away since it reported: what it has not counted yet. */
  picked: number;
}

export interface PoolState {
  /** Wall clock, when it went on elsewhere last; null: it never did. */
  since: number | null;
  /** By bot id. */
  autohosts: Record<string, PoolEntry>;
}

export interface PoolEvents {
  reported: { readonly autohost: string; readonly report: PoolReport; readonly at: number };
  adopted: { readonly at: number };
  picked: { readonly autohost: string };
}

export type AutohostPoolKind = ActorKind<PoolState, AutohostPoolCommands, PoolEvents>;

export function autohostPoolKind(changes: Partial<AutohostOptions> = {}): AutohostPoolKind {
  const options = autohostOptions(changes);
  return defineActor<PoolState, AutohostPoolCommands, PoolEvents>(AUTOHOST_POOL_KIND, {
    durability: 'replicated',
    version: 1,
    initial: () => ({ since: null, autohosts: {} }),
    blank: ({ autohosts }) => Object.keys(autohosts).length === 0,
    decide: {
      report: (state, report, ctx) => {
        const { origin } = ctx;
        if (origin.type !== 'entity' || origin.from.kind !== AUTOHOST_KIND)
          return { refuse: { reason: 'unauthorized', details: 'this is for autohosts' } };
        const { id } = origin.from;
        return isNews(state.autohosts[id], report, ctx, options)
          ? { events: [event('reported', { autohost: id, report, at: ctx.now })] }
          : {};
      },
      adopted: (_, __, ctx) => ({ events: [event('adopted', { at: ctx.now })] }),
      pick: (state, data, ctx) => pick(state, data, ctx, options),
    },
    evolve: {
      reported: (state, { autohost, report, at }) => {
        for (const [id, entry] of Object.entries(state.autohosts))
          if (at - entry.at > options.reportKeepMs) delete state.autohosts[id];
        delete state.autohosts[autohost];
        if (report.connected && Object.keys(state.autohosts).length < options.poolMax)
          state.autohosts[autohost] = { ...report, at, picked: 0 };
      },
      adopted: (state, { at }) => {
        state.since = at;
      },
      picked: (state, { autohost }) => {
        state.autohosts[autohost]!.picked += 1;
      },
    },
    adopted: 'adopted',
  });
}

/** What changes nothing is not written each time: half as often is enough to be known. */
function isNews(
  known: PoolEntry | undefined,
  report: PoolReport,
  { now }: DecideContext,
  options: AutohostOptions,
): boolean {
  if (!known) return report.connected;
  return known.picked > 0 || now - known.at > options.reportKeepMs / 2 || !isSameReport(known, report);
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
  // Whoever has not had time to report since this index went on here may have room.
  const young = state.since !== null && ctx.now - state.since <= options.reportMs;
  const why = known.length > 0 && able.length === 0 ? 'no_engine' : 'no_autohost';
  return { reply: { autohost: null, why, young } };
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
