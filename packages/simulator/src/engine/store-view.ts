import { type EpochRecord, parseJson, parsePage, type ShardRow, storeKeys } from '@muster/cluster';
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
  private readonly listeners: ((row: ShardRow, before: ShardRow) => void)[] = [];
  private record: EpochRecord | undefined;

  constructor({ server, cluster, layout }: StoreViewSetup) {
    this.server = server;
    this.keys = storeKeys(cluster, layout);
    server.subscribe(() => this.refresh());
  }

  /** Told of every row as it is committed, one revision after the other. */
  onRow(told: (row: ShardRow, before: ShardRow) => void): void {
    this.listeners.push(told);
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

  /** Of an entity, written `kind/id`. */
  shardOf(entity: string): ShardId {
    return this.keys.layout.of(entity);
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
    for (const { key, value } of this.server.inspect(this.keys.root).entries) {
      if (this.texts.get(key) === value) continue;
      this.texts.set(key, value);
      if (key === this.keys.epoch) this.record = parseJson('epoch', value) as EpochRecord;
      else if (key.startsWith(this.keys.shards)) this.page(Number(key.slice(this.keys.shards.length)), value);
    }
  }

  private page(page: number, text: string): void {
    for (const row of parsePage(page, text)) {
      const before = this.rows.get(row.shard);
      this.rows.set(row.shard, row);
      if (before && row.term !== before.term) for (const told of this.listeners) told(row, before);
    }
  }
}
