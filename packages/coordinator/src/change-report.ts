import type { CarvingWrite } from '@muster/cluster';
import type { Log, Metrics } from '@muster/ports';
import type { ClusterEventBody } from './admin/events.js';
import type { PlacedWhy } from './placer.js';
import { countByPeer, type TableChanges } from './table-changes.js';

const EVENTS = {
  promoted: 'shards.promoted',
  moved: 'shards.moved',
  parked: 'shards.parked',
  lost: 'backups.lost',
  learning: 'backups.learning',
  ready: 'backups.ready',
} as const;

export interface ReportSetup {
  readonly epoch: number;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: { event(event: ClusterEventBody): void };
}

/** The same, of entities that are in other shards now (K1). */
export function reportCarved({ log, epoch, on, metrics }: ReportSetup, writes: readonly CarvingWrite[]): void {
  for (const { entity, shard, rows } of writes) {
    const [from, into] = rows;
    metrics
      .counter('muster_coordinator_shards_changed_total', 'Shards whose owner, backup or learner is another')
      .add(1, { change: shard === null ? 'joined' : 'carved', why: '' });
    log.write('info', 'entity.carved', { epoch, entity, from: from.shard, into: into.shard, owner: into.owner });
    on.event({ type: 'entity.carved', entity, from: from.shard, shard: into.shard, owner: into.owner });
  }
}

/** Tells the log, the metrics and whoever follows what a committed transaction changed. */
export function reportChanges(setup: ReportSetup, revision: number, why: PlacedWhy, changes: TableChanges): void {
  const { log, epoch, on, metrics } = setup;
  const counter = metrics.counter(
    'muster_coordinator_shards_changed_total',
    'Shards whose owner, backup or learner is another',
  );
  for (const [change, rows] of changes) {
    const shards = rows.length;
    const to = countByPeer(rows);
    counter.add(shards, { change, why: change === 'placed' ? why : '' });
    if (change === 'placed') {
      log.write('info', 'shards.placed', { epoch, shards, to, revision, why });
      on.event({ type: 'shards.placed', why, shards, to });
    } else {
      log.write(change === 'moved' ? 'debug' : 'info', EVENTS[change], { epoch, shards, to, revision });
      on.event({ type: EVENTS[change], shards, to });
    }
  }
}
