import type { Room, ShardRow } from '@muster/cluster';
import type { Clock, Log, Metrics, Millis, ShardId } from '@muster/ports';
import {
  type Balance,
  EVEN,
  type LoadMove,
  type NodeLoad,
  planMoves,
  type ShardLoad,
  stepBalance,
} from './balancer.js';
import { type Headroom, LEVELS, newHeadroom, roomOf, stepHeadroom } from './headroom.js';
import type { HeardLoads } from './heard-loads.js';
import type { Ledger } from './ledger.js';
import type { Moves, MoveWhy } from './moves.js';
import type { Policies } from './policies.js';
import type { Roster } from './roster.js';

export interface SteeringSetup {
  readonly clock: Clock;
  readonly epoch: number;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly loads: HeardLoads;
  readonly moves: Moves;
  readonly policies: Policies;
  /** Loads are looked at this often. */
  readonly everyMs: Millis;
  /** The shard is not on its way otherwise. */
  readonly mayMove: (row: ShardRow) => boolean;
  /** An operator wants what is in it to stay where it is. */
  readonly isPinned: (shard: ShardId) => boolean;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * What a leader does about load: shards in use change their owners until nobody has much more than the others (balancer.ts), and what
 * the cluster has no room for is not begun (headroom.ts). Both judge by what the nodes say with their beats; nothing of it outlives a leader.
 */
export class Steering {
  private readonly setup: SteeringSetup;
  private balance: Balance = EVEN;
  private headroomNow: Headroom;
  /** Of a plan, what has not begun. */
  private pending: readonly LoadMove[] = [];
  private plannedAt: Millis;
  private calmSince: Millis;
  private lookedAt: Millis;

  constructor(setup: SteeringSetup) {
    this.setup = setup;
    this.calmSince = this.now();
    this.lookedAt = this.now();
    this.plannedAt = this.now();
    this.headroomNow = newHeadroom(this.now(), setup.policies.headroom);
  }

  get headroom(): Headroom {
    return this.headroomNow;
  }

  /** Somebody joined or died: what it changes shows first, and no plan of before counts. */
  disturbed(): void {
    this.calmSince = this.now();
    this.pending = [];
  }

  moveOver(why: MoveWhy): void {
    // What the move changed has to show in the loads before they are judged again.
    if (why === 'balance') this.calmSince = this.now();
  }

  tick(): void {
    const now = this.now();
    this.begin();
    if (now - this.lookedAt < this.setup.everyMs) return;
    this.lookedAt = now;
    this.judge(now);
    const { policies, moves } = this.setup;
    if (this.pending.length > 0 || moves.size > 0) return;
    const { state, moves: wanted } = stepBalance(
      this.balance,
      this.nodeLoads(),
      this.calmSince,
      now,
      policies.balancer,
    );
    this.balance = state;
    if (wanted.length > 0) this.follow(wanted);
  }

  /** What gateways and nodes are told with their acknowledgements. */
  room(): Room {
    const gateways = this.setup.roster.all().filter(({ info }) => info.role === 'gateway').length;
    return roomOf(this.headroomNow, gateways);
  }

  /** What would be moved if nothing had to be waited for, and by which loads. */
  plan(): { readonly loads: readonly NodeLoad[]; readonly moves: readonly LoadMove[] } {
    const loads = this.nodeLoads();
    return { loads, moves: planMoves(loads, this.setup.policies.balancer) };
  }

  /** An operator does not want to wait. */
  run(): ReturnType<Steering['plan']> {
    const plan = this.plan();
    this.balance = EVEN;
    this.follow(plan.moves);
    return plan;
  }

  private follow(moves: readonly LoadMove[]): void {
    const { log, epoch } = this.setup;
    this.pending = moves;
    this.plannedAt = this.now();
    if (moves.length > 0) log.write('info', 'balance.planned', { epoch, moves: moves.length });
    this.begin();
  }

  /** As many of the plan as the nodes may take at once; what does not fit the table any more is left out. */
  private begin(): void {
    if (this.pending.length === 0) return;
    const { ledger, moves, roster, policies, mayMove } = this.setup;
    const targets = new Set(roster.targets());
    const isLate = this.now() - this.plannedAt >= policies.balancer.planMs;
    const stands = ({ shard, from, to }: LoadMove) => ledger.row(shard).owner === from && targets.has(to);
    this.pending = isLate
      ? []
      : this.pending.filter(stands).filter(({ shard, from, to }) => {
          const row = ledger.row(shard);
          // One whose second place is just changing waits for it.
          return !(moves.hasRoom(from, to) && mayMove(row) && moves.begin(row, to, 'balance') !== undefined);
        });
  }

  private judge(now: Millis): void {
    const { roster, loads, policies, metrics, log, epoch } = this.setup;
    const nodes = roster.all().filter(({ info, watch }) => info.role === 'node' && watch.phase === 'up');
    const utilisations = nodes.flatMap(({ info }) => loads.get(info.peer)?.beat.utilisation ?? []);
    const before = this.headroomNow;
    this.headroomNow = stepHeadroom(before, utilisations, now, policies.headroom);
    const { level, used, target, admitPerSecond } = this.headroomNow;
    metrics.gauge('muster_coordinator_headroom_used', 'Mean utilisation of the nodes, and its target').set(used, {
      of: 'used',
    });
    metrics.gauge('muster_coordinator_headroom_used', 'Mean utilisation of the nodes, and its target').set(target, {
      of: 'target',
    });
    metrics
      .gauge('muster_coordinator_headroom_level', 'What is not begun: 0 nothing … 3 sessions queue')
      .set(LEVELS.indexOf(level));
    if (level !== before.level)
      log.write('warn', 'headroom.level', { epoch, level, before: before.level, used, target, admitPerSecond });
  }

  /** Of nodes that may get shards. */
  private nodeLoads(): NodeLoad[] {
    const { roster, loads, ledger, moves, isPinned } = this.setup;
    return roster.targets().flatMap((peer): NodeLoad[] => {
      const beat = loads.get(peer)?.beat;
      if (!beat) return [];
      const turns = new Map(beat.busiest.map((each) => [each.shard, each.turns]));
      const rows = ledger.rows().filter(({ owner, shard }) => owner === peer && loads.isOccupied(peer, shard) === true);
      const shards = rows
        .filter(({ shard, state }) => state === 'stable' && !moves.has(shard) && !isPinned(shard))
        .map(({ shard, backup }): ShardLoad => ({ shard, backup, turns: turns.get(shard) ?? 0 }));
      return [{ peer, turns: beat.turns, inUse: rows.length, shards }];
    });
  }

  private now(): Millis {
    return this.setup.clock.monotonic();
  }
}
