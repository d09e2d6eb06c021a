import { type Counter, type Log, type Metrics, type PeerId, type ShardId, term } from '@muster/ports';
import type { SavedActor } from '@muster/runtime';
import type { EnvelopeOf, SavedEntity } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { BackupKeeper } from '../replication/backup-keeper.js';
import { isKey } from '../replication/copy.js';
import type { RoutingTable, ShardRow } from '../table/routing-table.js';
import type { HandoffOptions } from './options.js';
import { belongsTo, newTarget, stepTarget, type TargetEffect, type TargetInput, type TargetState } from './target.js';

export interface HandoffTargetSetup {
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly backups: BackupKeeper;
  readonly options: HandoffOptions;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface Taken {
  state: TargetState;
  readonly actors: Map<string, SavedActor>;
  chars: number;
}

/** Takes what comes with shards that are handed over to this process: see `target.ts`. */
export class HandoffTarget {
  private readonly setup: HandoffTargetSetup;
  private readonly shards = new Map<ShardId, Taken>();
  private readonly answers: Counter;
  private readonly dropped: Counter;

  constructor(setup: HandoffTargetSetup) {
    this.setup = setup;
    const { peers, metrics } = setup;
    this.answers = metrics.counter('muster_handoff_taken_total', 'Hand-overs that were answered, by code');
    this.dropped = metrics.counter(
      'muster_handoff_dropped_total',
      'Ungated actors that came with a shard and were not kept',
    );
    setup.backups.onDismissed((from, shard) => {
      const taken = this.shards.get(shard);
      if (taken) this.input(shard, taken, { type: 'dismissed', from });
    });
    peers.on('handover', (from, envelope) => this.handover(from, envelope));
  }

  /** A row came that gives the shard to this process: the ungated actors that came with it. */
  takeOver(row: ShardRow): ReadonlyMap<string, SavedActor> | undefined {
    const taken = this.shards.get(row.shard);
    if (!taken || !belongsTo(taken.state, row)) return undefined;
    this.shards.delete(row.shard);
    return taken.actors;
  }

  rowChanged(row: ShardRow): void {
    const taken = this.shards.get(row.shard);
    if (taken) this.input(row.shard, taken, { type: 'row', row });
  }

  stop(): void {
    this.shards.clear();
  }

  private handover({ peer, role }: PeerInfo, { shard: number, term: of, body }: EnvelopeOf<'handover'>): void {
    if (role !== 'node' || !this.setup.table.layout.has(number)) return;
    const shard = number as ShardId;
    const { backups, table } = this.setup;
    const copy = backups.stateOf(shard);
    // Whoever has no copy here hands nothing over.
    if (copy?.owner !== peer) {
      this.answer(shard, of, { type: 'taken', to: peer, move: body.move, position: 0, code: 'GAP' });
      return;
    }
    const { move, seeding, position, first, last, entities } = body;
    const message = { from: peer, term: term(of), move, seeding, position, first, last };
    const facts = {
      complete: copy.phase === 'complete',
      owner: copy.owner,
      seeding: copy.seeding,
      position: copy.position,
    };
    const taken = this.shards.get(shard) ?? { state: newTarget(), actors: new Map(), chars: 0 };
    this.shards.set(shard, taken);
    const input = { type: 'handover', message, copy: facts, knownTerm: table.row(shard).term } as const;
    this.input(shard, taken, input, entities, of);
  }

  private input(shard: ShardId, taken: Taken, input: TargetInput, entities: readonly SavedEntity[] = [], of = 0): void {
    const { state, effects } = stepTarget(taken.state, input);
    taken.state = state;
    if (state.phase === 'none') this.shards.delete(shard);
    for (const effect of effects) {
      if (effect.type === 'forget') {
        taken.actors.clear();
        taken.chars = 0;
      } else if (effect.type === 'keep') this.keep(taken, entities);
      else this.answer(shard, of, effect);
    }
  }

  private keep(taken: Taken, entities: readonly SavedEntity[]): void {
    for (const { entity, ...saved } of entities) {
      taken.chars += entity.length + saved.text.length + saved.tail.length + saved.recent.length;
      if (isKey(entity) && taken.chars <= this.setup.options.ungatedCharsMax) taken.actors.set(entity, saved);
      else this.dropped.add();
    }
  }

  private answer(
    shard: ShardId,
    of: number,
    { to, move, position, code }: Extract<TargetEffect, { type: 'taken' }>,
  ): void {
    this.answers.add(1, { code });
    this.setup.log.write('debug', 'handoff.taken', { shard, term: of, move, from: to as PeerId, position, code });
    this.setup.peers.send(to, 'control', { type: 'handoverTaken', shard, term: of, body: { move, position, code } });
  }
}
