import {
  type MemberInfo,
  type Override,
  type Peers,
  type ShardRow,
  type TableUpdate,
  tableToWire,
} from '@muster/cluster';
import type { Clock, Metrics, Millis, PeerId } from '@muster/ports';

export interface PublisherSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly epoch: number;
  readonly revision: () => number;
  readonly rows: () => readonly ShardRow[];
  /** By `kind/id`. */
  readonly overrides: () => ReadonlyMap<string, Override>;
  readonly members: () => readonly MemberInfo[];
  readonly metrics: Metrics;
}

/**
 * Pushes the table: whole to whoever comes, then what changed, to nodes before gateways: an owner knows that it owns before
 * anybody sends it something. Changes of one turn travel together.
 */
export class Publisher {
  private readonly setup: PublisherSetup;
  private readonly rows = new Map<number, ShardRow>();
  /** Entities whose overrides changed. They travel with the rows of their transaction (K1). */
  private readonly overridden = new Set<string>();
  private readonly pushedAt = new Map<PeerId, Millis>();
  private membersChanged = false;
  private armed = false;
  /** Until a regime has begun nothing is told: what it has read may be older than what everybody knows (K4). */
  private opened = false;
  private stopped = false;

  constructor(setup: PublisherSetup) {
    this.setup = setup;
  }

  stop(): void {
    this.stopped = true;
  }

  rowsChanged(rows: readonly ShardRow[]): void {
    for (const row of rows) this.rows.set(row.shard, row);
    this.arm();
  }

  overridesChanged(entities: readonly string[]): void {
    for (const entity of entities) this.overridden.add(entity);
    this.arm();
  }

  memberListChanged(): void {
    this.membersChanged = true;
    this.arm();
  }

  /** The whole table to everybody: the beginning of a regime. */
  pushAllToAll(): void {
    this.opened = true;
    this.rows.clear();
    this.overridden.clear();
    this.membersChanged = false;
    for (const peer of this.linked('node')) this.pushAll(peer);
    this.setup.clock.defer(() => {
      if (!this.stopped) for (const peer of this.linked('gateway')) this.pushAll(peer);
    });
  }

  pushAll(peer: PeerId): void {
    const { rows, members, revision } = this.setup;
    // Rows that were never owned say nothing that an empty table does not.
    const known = rows().filter(({ term }) => term > 0);
    const overrides = this.overridesOf(this.setup.overrides().keys());
    this.send(peer, { revision: revision(), full: true, rows: known, overrides, members: members() });
  }

  /** When the peer was last sent something. */
  pushedAgoMs(peer: PeerId): Millis {
    return this.setup.clock.monotonic() - (this.pushedAt.get(peer) ?? Number.NEGATIVE_INFINITY);
  }

  forget(peer: PeerId): void {
    this.pushedAt.delete(peer);
  }

  private arm(): void {
    if (this.armed || this.stopped || !this.opened) return;
    this.armed = true;
    this.setup.clock.defer(() => this.flush());
  }

  private flush(): void {
    this.armed = false;
    if (this.stopped) return;
    const { revision, members, clock } = this.setup;
    const rows = [...this.rows.values()];
    const update = { revision: revision(), full: false, rows, overrides: this.overridesOf(this.overridden) };
    const whole = this.membersChanged ? { ...update, members: members() } : update;
    this.rows.clear();
    this.overridden.clear();
    this.membersChanged = false;
    for (const peer of this.linked('node')) this.send(peer, whole);
    clock.defer(() => {
      if (!this.stopped) for (const peer of this.linked('gateway')) this.send(peer, whole);
    });
  }

  private overridesOf(entities: Iterable<string>): TableUpdate['overrides'] {
    const overrides = this.setup.overrides();
    return [...entities].map((entity) => ({ entity, shard: overrides.get(entity)?.shard ?? null }));
  }

  private send(peer: PeerId, update: Parameters<typeof tableToWire>[0]): void {
    const { peers, epoch, clock, metrics } = this.setup;
    const sent = peers.send(peer, 'control', { type: 'table', epoch, body: tableToWire(update) });
    if (sent) this.pushedAt.set(peer, clock.monotonic());
    const pushes = metrics.counter('muster_coordinator_table_pushes_total', 'Tables sent to members');
    pushes.add(1, { form: update.full ? 'full' : 'delta', result: sent ? 'sent' : 'not-sent' });
  }

  private linked(role: 'node' | 'gateway'): PeerId[] {
    return this.setup.peers.linked().flatMap((info) => (info.role === role ? [info.peer] : []));
  }
}
