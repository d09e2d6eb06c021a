// Load, made even: which shards in use should change their owners. Pure; balance of counts (placement.ts) is about shards that hold nothing.
//
//   even ──max/mean > 1.25, or min/mean < 0.5──► uneven since t ──30 s of it, all calm──► plan ──moves done──► even
//        ◄──────────────neither─────────────────                  calm: nobody joined or died for 30 s
//
// What counts is how long turns take, by shard, as the nodes measure it, and a little for each shard that is in use: where hardly anything
// happens, what there is should be spread, too, so that a node that joins gets its share of it and the death of one concerns its share only.
//
// A plan first gives to who has next to nothing, from the busiest, up to the mean: the rule for the busiest alone would leave a joiner among five
// idle for ever, and among three with half its share. Then it takes the fewest shards that bring the busiest node below
// the bound: of those that fit, the largest first, or the one that is just large enough. Either way a shard fits where its target stays below
// what its owner had left, so every move makes the higher of the two lower: the plans of a steady load come to an end, and none takes
// back what another did. One shard that is a whole node's load stays where it is: moving it would only move the problem.
import type { Millis, PeerId, ShardId } from '@muster/ports';
import type { BalancerOptions } from './options.js';

/** A shard in use that may move. */
export interface ShardLoad {
  readonly shard: ShardId;
  /** Seconds of turns per second. */
  readonly turns: number;
  /** Who has a copy of it: moved there, nothing has to be copied. */
  readonly backup: PeerId | '';
}

/** What a node says of itself. */
export interface NodeLoad {
  readonly peer: PeerId;
  /** Seconds of turns per second, over all its shards. */
  readonly turns: number;
  /** How many of its shards hold actors, those that may not move among them. */
  readonly inUse: number;
  readonly shards: readonly ShardLoad[];
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

export function isUneven(loads: readonly NodeLoad[], options: BalancerOptions): boolean {
  const weights = loads.map((load) => weightOf(load, options));
  const [max, min, mean] = [Math.max(0, ...weights), Math.min(...weights), meanOf(weights)];
  const { unevenRatio, idleRatio, idleTurns } = options;
  return loads.length >= 2 && max >= idleTurns && (max > unevenRatio * mean || min < idleRatio * mean);
}

/** The moves that give everybody a share and bring everybody below the bound, as far as that can be done; without waiting for anything. */
export function planMoves(loads: readonly NodeLoad[], options: BalancerOptions): readonly LoadMove[] {
  const plan = new Plan(loads, options);
  plan.giveShares();
  plan.lowerTheBusiest();
  return plan.moves;
}

/** A node's turns, and a little for each shard that is in use. */
function weightOf({ turns, inUse }: Pick<NodeLoad, 'turns' | 'inUse'>, { inUseTurns }: BalancerOptions): number {
  return turns + inUse * inUseTurns;
}

interface Weighed extends ShardLoad {
  readonly weight: number;
}

/** One plan, as it grows. */
class Plan {
  readonly moves: LoadMove[] = [];
  private readonly options: BalancerOptions;
  private readonly mean: number;
  private readonly weights: Map<PeerId, number>;
  private readonly left: Map<PeerId, readonly Weighed[]>;

  constructor(loads: readonly NodeLoad[], options: BalancerOptions) {
    this.options = options;
    this.weights = new Map(loads.map((load) => [load.peer, weightOf(load, options)]));
    this.mean = meanOf([...this.weights.values()]);
    const weighed = (load: ShardLoad): Weighed => ({ ...load, weight: weightOf({ ...load, inUse: 1 }, options) });
    this.left = new Map(loads.map(({ peer, shards }) => [peer, shards.map(weighed)]));
  }

  /** Who has next to nothing gets the largest that fit, from the busiest, up to the mean; what it has a copy of comes first. */
  giveShares(): void {
    const { idleRatio, idleTurns } = this.options;
    if (Math.max(0, ...this.weights.values()) < idleTurns) return;
    const idle = this.inOrder().filter((peer) => this.weightAt(peer) < idleRatio * this.mean);
    for (const to of idle.reverse()) while (this.giveOne(to));
  }

  /** The fewest that bring the busiest below the bound. */
  lowerTheBusiest(): void {
    const { unevenRatio, idleTurns } = this.options;
    const bound = unevenRatio * this.mean;
    for (const from of this.inOrder()) {
      while (this.weightAt(from) > bound && this.weightAt(from) >= idleTurns) {
        const to = this.leastBut(from);
        const chosen = choose(this.left.get(from)!, this.weightAt(from), this.weightAt(to), bound);
        if (!chosen || !this.add(chosen, from, to)) break;
      }
    }
  }

  /** False: nobody has one that fits. */
  private giveOne(to: PeerId): boolean {
    for (const from of this.inOrder()) {
      const lacks = this.mean - this.weightAt(to);
      const half = (this.weightAt(from) - this.weightAt(to)) / 2;
      // Half of the last one may be too much: as near to the mean as it can be.
      const fitting = this.left.get(from)!.filter(({ weight }) => weight / 2 <= lacks && weight < half);
      const copied = fitting.filter(({ backup }) => backup === to);
      const chosen = largest(copied.length > 0 ? copied : fitting);
      if (chosen) return this.add(chosen, from, to);
    }
    return false;
  }

  /** False: the plan is full. */
  private add(chosen: Weighed, from: PeerId, to: PeerId): boolean {
    if (this.moves.length >= this.options.planMax) return false;
    this.left.set(from, this.left.get(from)!.filter((it) => it !== chosen)); // biome-ignore format: one line
    this.weights.set(from, this.weightAt(from) - chosen.weight);
    this.weights.set(to, this.weightAt(to) + chosen.weight);
    this.moves.push({ shard: chosen.shard, from, to, turns: chosen.turns });
    return true;
  }

  /** Busiest first. */
  private inOrder(): PeerId[] {
    return [...this.weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([peer]) => peer);
  }

  private leastBut(from: PeerId): PeerId {
    const others = [...this.weights.keys()].filter((peer) => peer !== from);
    return others.reduce((least, peer) => (this.weightAt(peer) < this.weightAt(least) ? peer : least));
  }

  private weightAt(peer: PeerId): number {
    return this.weights.get(peer)!;
  }
}

/** Just enough where one shard is, else the largest that fits. */
function choose(shards: readonly Weighed[], from: number, to: number, bound: number): Weighed | undefined {
  // It fits where the target stays clearly below what the source had: the higher of the two gets lower.
  const fitting = shards.filter(({ weight }) => to + weight < from - weight / 2 && to + weight <= bound);
  const enough = fitting.filter(({ weight }) => from - weight <= bound);
  if (enough.length > 0) return enough.reduce((a, b) => (b.weight < a.weight ? b : a));
  return largest(fitting);
}

function largest(shards: readonly Weighed[]): Weighed | undefined {
  return shards.reduce<Weighed | undefined>((a, b) => (a === undefined || b.weight > a.weight ? b : a), undefined);
}

function meanOf(weights: readonly number[]): number {
  return weights.length === 0 ? 0 : weights.reduce((sum, each) => sum + each, 0) / weights.length;
}
