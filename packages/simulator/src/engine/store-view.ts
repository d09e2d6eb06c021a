import {
  type EpochRecord,
  type Override,
  parseJson,
  parseOverride,
  parsePage,
  type ShardRow,
  storeKeys,
} from '@muster/cluster';
import { type PeerId, parsePeerId, type ShardId, type ShardLayout, type Term } from '@muster/ports';
import type { MemoryStoreServer } from '@muster/storage';

export interface StoreViewSetup {
  readonly server: MemoryStoreServer;
  readonly cluster: string;
  readonly layout: ShardLayout;
}

/** The truth, as the cluster store holds it, past every fault: for checkers, and for whoever asks the world who owns what. */
export class StoreView {
  private readonly server: MemoryStoreServer;
  private readonly keys: ReturnType<typeof storeKeys>;
  /** Texts, not revisions: a store that was wiped counts from the beginning again. */
  private readonly texts = new Map<string, string>();
  private readonly rows = new Map<ShardId, ShardRow>();
  /** The newest that there ever was: a store that was put back shows older ones again (K4). */
  private readonly newest = new Map<ShardId, ShardRow>();
  private readonly listeners: ((row: ShardRow, before: ShardRow) => void)[] = [];
  private readonly epochListeners: ((record: EpochRecord) => void)[] = [];
  private record: EpochRecord | undefined;
  private readonly carved = new Map<string, Override>();
  /** Every shard that an entity has been in, beside the one that it hashes to. */
  private readonly been = new Map<string, Set<ShardId>>();

  constructor({ server, cluster, layout }: StoreViewSetup) {
    this.server = server;
    this.keys = storeKeys(cluster, layout);
    server.subscribe(() => this.refresh());
  }

  /** Told of every row as it is committed, one revision after the other. */
  onRow(told: (row: ShardRow, before: ShardRow) => void): void {
    this.listeners.push(told);
  }

  /** Told of the regime in the store whenever it is another, also where the store was put back. */
  onEpoch(told: (record: EpochRecord) => void): void {
    this.epochListeners.push(told);
  }

  /** Shards whose rows are older than what they have been: the store was put back (K4), and nobody has written again what it lacks. */
  behind(): readonly ShardId[] {
    return [...this.newest.values()].flatMap(({ shard, term }) =>
      (this.rows.get(shard)?.term ?? 0) < term ? [shard] : [],
    );
  }

  get layout(): ShardLayout {
    return this.keys.layout;
  }

  get epoch(): number {
    return this.record?.epoch ?? 0;
  }

  get leader(): PeerId | '' {
    return this.record?.leader ?? '';
  }

  /** Of an entity, written `kind/id`: its own, or the one that it hashes to (K1). */
  shardOf(entity: string): ShardId {
    return this.carved.get(entity)?.shard ?? this.keys.layout.of(entity);
  }

  /** All that it has been in so far. */
  shardsOf(entity: string): readonly ShardId[] {
    return [this.keys.layout.of(entity), ...(this.been.get(entity) ?? [])];
  }

  get overrides(): ReadonlyMap<string, Override> {
    return this.carved;
  }

  /** An entity is in this solo shard. */
  isCarved(shard: ShardId): boolean {
    for (const override of this.carved.values()) if (override.shard === shard) return true;
    return false;
  }

  row(shard: ShardId): ShardRow | undefined {
    return this.rows.get(shard);
  }

  allRows(): Iterable<ShardRow> {
    return this.rows.values();
  }

  /** Plain id of the owner. */
  ownerOf(shard: ShardId): string | undefined {
    const owner = this.rows.get(shard)?.owner;
    return owner ? parsePeerId(owner).id : undefined;
  }

  termOf(shard: ShardId): Term | undefined {
    return this.rows.get(shard)?.term;
  }

  /** Every shard that entities hash to has an owner. */
  get isPlaced(): boolean {
    for (let shard = 0; shard < this.keys.layout.hashed; shard += 1)
      if ((this.rows.get(shard as ShardId)?.owner ?? '') === '') return false;
    return true;
  }

  private refresh(): void {
    const gone = new Set(this.carved.keys());
    const before = this.record;
    for (const { key, value } of this.server.inspect(this.keys.root).entries) {
      const entity = key.startsWith(this.keys.overrides) ? key.slice(this.keys.overrides.length) : '';
      gone.delete(entity);
      if (this.texts.get(key) === value) continue;
      this.texts.set(key, value);
      if (key === this.keys.epoch) this.record = parseJson('epoch', value) as EpochRecord;
      else if (key.startsWith(this.keys.shards)) this.page(Number(key.slice(this.keys.shards.length)), value);
      else if (entity !== '') this.override(entity, parseOverride(entity, value, this.keys.layout));
    }
    for (const entity of gone) {
      this.carved.delete(entity);
      this.texts.delete(`${this.keys.overrides}${entity}`);
    }
    // Once the table is as it was in that very revision.
    if (this.record && this.record !== before) for (const told of this.epochListeners) told(this.record);
  }

  private override(entity: string, override: Override): void {
    this.carved.set(entity, override);
    this.been.set(entity, (this.been.get(entity) ?? new Set()).add(override.shard));
  }

  private page(page: number, text: string): void {
    for (const row of parsePage(page, text)) {
      const before = this.newest.get(row.shard);
      this.rows.set(row.shard, row);
      if (before && row.term < before.term) continue;
      this.newest.set(row.shard, row);
      if (before && row.term !== before.term) for (const told of this.listeners) told(row, before);
    }
  }
}
