import {
  type Carving,
  type CarvingEffect,
  type CarvingEnd,
  type CarvingInput,
  type CarvingOptions,
  type CarvingWrite,
  mayCarve,
  type PeerInfo,
  type Peers,
  type ShardRow,
  startCarving,
  stepCarving,
  stillStands,
} from '@muster/cluster';
import type { Clock, Log, Metrics, PeerId, ShardId } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { Ledger } from './ledger.js';
import { OVERRIDES_AT_ONCE } from './overrides.js';
import type { StoreHealth } from './store-health.js';

export interface CarvingsSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly ledger: Ledger;
  /** Where an entity (`kind/id`) is by the store's word. */
  readonly shardOf: (entity: string) => ShardId;
  readonly health: StoreHealth;
  readonly epoch: number;
  readonly options: CarvingOptions;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: {
    /** Something has to be written: `takeWrites` gives it, `settled` takes what became of it. */
    write(): void;
    over(entity: string, end: CarvingEnd): void;
  };
}

/**
 * Entities on their way into another shard of their owner: the leader's part of every carving that it began (cluster's carving/leader.ts),
 * with a clock, a ledger and links. It keeps nothing across leaders: whoever comes next cancels what an owner says (K13).
 */
export class Carvings {
  private readonly setup: CarvingsSetup;
  private readonly carvings = new Map<string, Carving>();
  private readonly writes = new Map<string, CarvingWrite>();
  private started = 0;

  constructor(setup: CarvingsSetup) {
    this.setup = setup;
  }

  get size(): number {
    return this.carvings.size;
  }

  phaseOf(entity: string): Carving['phase'] | undefined {
    return this.carvings.get(entity)?.phase;
  }

  /** Something is on its way out of this shard or into it. */
  has(shard: ShardId): boolean {
    for (const { from, into } of this.carvings.values()) if (from.shard === shard || into.shard === shard) return true;
    return false;
  }

  /** False where the rows do not allow for it. */
  begin(entity: string, from: ShardRow, into: ShardRow): boolean {
    if (this.carvings.has(entity) || !mayCarve(from, into)) return false;
    const { epoch, health, ledger, options } = this.setup;
    const shard = ledger.layout.isHashed(into.shard) ? null : into.shard;
    this.started += 1;
    const id = `${epoch}.c${this.started}`;
    const { state, effects } = startCarving(id, entity, from, into, shard, this.now(), health.answeredAgoMs, options);
    this.carvings.set(entity, state);
    this.count('begun');
    this.perform(entity, effects);
    return true;
  }

  rowsChanged(rows: readonly ShardRow[]): void {
    if (this.carvings.size === 0) return;
    for (const row of rows) this.inputAll({ type: 'row', row });
  }

  /** Dead or given up. */
  died(peer: PeerId): void {
    this.inputAll({ type: 'died', peer });
  }

  carved({ peer: from, role }: PeerInfo, { body }: EnvelopeOf<'carved'>): void {
    const { id, entity, into, done, abort } = body;
    if (role !== 'node') return;
    if (this.carvings.get(entity)?.id === id) {
      this.input(entity, { type: 'carved', from, id, done, abort });
      return;
    }
    // Held for a leader before us, or for a carving that is over. Where it was committed, the table tells the owner.
    const { shardOf, peers, epoch } = this.setup;
    if (shardOf(entity) === into) return;
    const cancel = { id, entity, into, intoTerm: 0, cancel: true };
    peers.send(from, 'control', { type: 'carve', shard: shardOf(entity), term: 0, epoch, body: cancel });
  }

  tick(): void {
    this.inputAll({ type: 'tick' });
  }

  /** What has to be written next, in one transaction. What does not stand any more is settled at once. */
  takeWrites(): readonly CarvingWrite[] {
    const writes = [...this.writes.values()].slice(0, OVERRIDES_AT_ONCE);
    for (const { entity } of writes) this.writes.delete(entity);
    if (this.writes.size > 0) this.setup.on.write();
    const standing = writes.filter((write) => stillStands(write, (shard) => this.setup.ledger.row(shard)));
    for (const write of writes) if (!standing.includes(write)) this.settled([write], false);
    return standing;
  }

  /** Known for sure: it happened, or it did not and never will. */
  settled(writes: readonly CarvingWrite[], committed: boolean): void {
    for (const { entity } of writes) this.input(entity, { type: 'settled', committed });
  }

  private inputAll(input: CarvingInput): void {
    for (const entity of [...this.carvings.keys()]) this.input(entity, input);
  }

  private input(entity: string, input: CarvingInput): void {
    const carving = this.carvings.get(entity);
    if (!carving) return;
    const { health, options } = this.setup;
    const { state, effects } = stepCarving(carving, input, this.now(), health.answeredAgoMs, options);
    this.carvings.set(entity, state);
    this.perform(entity, effects);
  }

  private perform(entity: string, effects: readonly CarvingEffect[]): void {
    for (const effect of effects) {
      const carving = this.carvings.get(entity)!;
      if (effect.type === 'write') {
        this.writes.set(entity, effect);
        this.setup.on.write();
      } else if (effect.type === 'ask-store') void this.setup.ledger.ask();
      else if (effect.type === 'over') this.over(carving, effect.end);
      else this.say(carving, effect.type === 'cancel');
    }
  }

  private over(carving: Carving, end: CarvingEnd): void {
    const { id, entity, from, into, owner } = carving;
    this.carvings.delete(entity);
    this.count(end);
    const { log, on, epoch } = this.setup;
    log.write('info', 'carving.over', { epoch, id, entity, from: from.shard, into: into.shard, owner, end });
    on.over(entity, end);
  }

  private say({ id, entity, from, into, owner }: Carving, cancel: boolean): void {
    const { peers, epoch } = this.setup;
    const body = { id, entity, into: into.shard, intoTerm: into.term, cancel };
    peers.send(owner, 'control', { type: 'carve', shard: from.shard, term: from.term, epoch, body });
  }

  private count(end: string): void {
    const { metrics } = this.setup;
    metrics
      .counter('muster_coordinator_carvings_total', 'Entities on their way to another shard, begun and ended')
      .add(1, { end });
  }

  private now(): number {
    return this.setup.clock.monotonic();
  }
}
