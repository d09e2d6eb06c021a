// Load, made even: which shards in use should change their owners. Pure; balance of counts (placement.ts) is about shards that hold nothing.
//
//   even ──max/mean > 1.25──► uneven since t ──30 s of it, all calm──► plan ──moves done──► even
//        ◄──below──                                 calm: nobody joined or died for 30 s
//
// What counts is how long turns take, by shard, as the nodes measure it. A plan takes the fewest shards that bring the busiest node below
// the bound: of those that fit, the largest first, or the one that is just large enough. A shard fits where its target stays below
// what the busiest node had left, so every move makes the higher of the two lower: the plans of a steady load come to an end, and none takes
// back what another did. One shard that is a whole node's load stays where it is: moving it would only move the problem.
import type { Millis, PeerId, ShardId } from '@muster/ports';
import type { BalancerOptions } from './options.js';

/** What a node says of itself. */
export interface NodeLoad {
  readonly peer: PeerId;
  /** Seconds of turns per second, over all its shards. */
  readonly turns: number;
  /** Of shards that may move, busiest first. */
  readonly shards: readonly { readonly shard: ShardId; readonly turns: number }[];
}

export interface LoadMove {
  readonly shard: ShardId;
  readonly from: PeerId;
  readonly to: PeerId;
  /** What goes with it. */
  readonly turns: number;
}

/** Since when the nodes are uneven; undefined: they are not. */
export interface Balance {
  readonly unevenSince: Millis | undefined;
}

export interface BalanceStep {
  readonly state: Balance;
  /** To be done now. */
  readonly moves: readonly LoadMove[];
}

export const EVEN: Balance = { unevenSince: undefined };

/** `calmSince`: when the last node came or went, or the last move for balance ended. */
export function stepBalance(
  state: Balance,
  loads: readonly NodeLoad[],
  calmSince: Millis,
  now: Millis,
  options: BalancerOptions,
): BalanceStep {
  if (!isUneven(loads, options)) return { state: EVEN, moves: [] };
  const unevenSince = Math.max(state.unevenSince ?? now, calmSince);
  const isDue = now - unevenSince >= options.unevenMs && now - calmSince >= options.calmMs;
  if (!isDue) return { state: { unevenSince }, moves: [] };
  return { state: EVEN, moves: planMoves(loads, options) };
}

export function isUneven(loads: readonly NodeLoad[], { unevenRatio, idleTurns }: BalancerOptions): boolean {
  const max = Math.max(0, ...loads.map(({ turns }) => turns));
  return loads.length >= 2 && max >= idleTurns && max > unevenRatio * meanOf(loads);
}

/** The fewest moves that bring everybody below the bound, as far as that can be done; without waiting for anything. */
export function planMoves(loads: readonly NodeLoad[], options: BalancerOptions): readonly LoadMove[] {
  const bound = options.unevenRatio * meanOf(loads);
  const turns = new Map(loads.map((load) => [load.peer, load.turns]));
  const left = new Map(loads.map((load) => [load.peer, [...load.shards]]));
  const moves: LoadMove[] = [];
  for (const { peer: from } of [...loads].sort((a, b) => b.turns - a.turns || (a.peer < b.peer ? -1 : 1))) {
    while (moves.length < options.planMax && turns.get(from)! > bound && turns.get(from)! >= options.idleTurns) {
      const to = leastOf(turns, from);
      const chosen = to === undefined ? undefined : choose(left.get(from)!, turns.get(from)!, turns.get(to)!, bound);
      if (to === undefined || chosen === undefined) break;
      left.set(from, left.get(from)!.filter(({ shard }) => shard !== chosen.shard)); // biome-ignore format: one line
      turns.set(from, turns.get(from)! - chosen.turns);
      turns.set(to, turns.get(to)! + chosen.turns);
      moves.push({ shard: chosen.shard, from, to, turns: chosen.turns });
    }
  }
  return moves;
}

/** Just enough where one shard is, else the largest that fits. */
function choose(
  shards: NodeLoad['shards'],
  from: number,
  to: number,
  bound: number,
): NodeLoad['shards'][number] | undefined {
  // It fits where the target stays clearly below what the source had: the higher of the two gets lower.
  const fitting = shards.filter(({ turns }) => turns > 0 && to + turns < from - turns / 2 && to + turns <= bound);
  const enough = fitting.filter(({ turns }) => from - turns <= bound);
  const smaller = (a: NodeLoad['shards'][number], b: NodeLoad['shards'][number]) => (b.turns < a.turns ? b : a);
  if (enough.length > 0) return enough.reduce(smaller);
  return fitting.reduce<NodeLoad['shards'][number] | undefined>(
    (largest, each) => (largest === undefined || each.turns > largest.turns ? each : largest),
    undefined,
  );
}

function meanOf(loads: readonly NodeLoad[]): number {
  return loads.length === 0 ? 0 : loads.reduce((sum, { turns }) => sum + turns, 0) / loads.length;
}

function leastOf(turns: ReadonlyMap<PeerId, number>, but: PeerId): PeerId | undefined {
  let least: PeerId | undefined;
  for (const [peer, load] of turns) if (peer !== but && (least === undefined || load < turns.get(least)!)) least = peer;
  return least;
}
