import type { Clock, Millis, ShardId } from '@muster/ports';

export interface TurnLoadOptions {
  /** Shards that are named with each beat, busiest first. Lower: a balancer sees fewer of many warm ones. Higher: longer beats. */
  readonly busiestMax: number;
  /** Turn times are looked at this often. Lower: more work. Higher: a burst shows later. */
  readonly loadEveryMs: Millis;
  /** After this long a load that has stopped counts half. Lower: bursts look like lasting load. Higher: a load that is gone is balanced. */
  readonly loadHalfLifeMs: Millis;
}

export interface TurnLoad {
  readonly shard: ShardId;
  /** Seconds of turns per second. */
  readonly turns: number;
}

export interface TurnLoadReport {
  /** Over all shards of this process. */
  readonly turns: number;
  readonly busiest: readonly TurnLoad[];
}

/** Below a ten-thousandth of a core a shard is as good as idle. */
const IDLE = 1e-4;

/**
 * How long the turns of each shard take, smoothed over some seconds: what a balancer moves by. Counts of shards or actors would not say
 * it, and what a process does beside turns — links, encoding, replication — comes with them in about the same proportion.
 */
export class TurnLoads {
  private readonly clock: Clock;
  private readonly options: TurnLoadOptions;
  private readonly busy: () => Iterable<readonly [ShardId, Millis]>;
  private before = new Map<ShardId, { readonly spentMs: Millis; readonly turns: number }>();
  private measuredAt: Millis;
  private last: TurnLoadReport = { turns: 0, busiest: [] };

  /** `busy`: of each open shard, how long its turns have taken since it was opened. */
  constructor(clock: Clock, options: TurnLoadOptions, busy: () => Iterable<readonly [ShardId, Millis]>) {
    this.clock = clock;
    this.options = options;
    this.busy = busy;
    this.measuredAt = clock.monotonic();
  }

  report(): TurnLoadReport {
    const now = this.clock.monotonic();
    const elapsed = now - this.measuredAt;
    if (elapsed >= this.options.loadEveryMs) this.measure(now, elapsed);
    return this.last;
  }

  private measure(now: Millis, elapsed: Millis): void {
    const kept = 0.5 ** (elapsed / this.options.loadHalfLifeMs);
    const after: typeof this.before = new Map();
    let turns = 0;
    const warm: TurnLoad[] = [];
    for (const [shard, spentMs] of this.busy()) {
      const known = this.before.get(shard);
      // It was closed and opened again meanwhile: it counts from nothing.
      const spent = known && spentMs >= known.spentMs ? spentMs - known.spentMs : spentMs;
      const load = kept * (known?.turns ?? 0) + (1 - kept) * (spent / elapsed);
      after.set(shard, { spentMs, turns: load });
      turns += load;
      if (load >= IDLE) warm.push({ shard, turns: load });
    }
    warm.sort((a, b) => b.turns - a.turns || a.shard - b.shard);
    this.before = after;
    this.measuredAt = now;
    this.last = { turns, busiest: warm.slice(0, this.options.busiestMax) };
  }
}
