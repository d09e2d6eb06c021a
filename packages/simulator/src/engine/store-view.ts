import { type EpochRecord, parseJson, parsePage, type ShardRow, storeKeys } from '@muster/cluster';
import { HASHED_SHARDS, type Millis, type PeerId, parsePeerId, type ShardId, type Term } from '@muster/ports';
import type { MemoryStoreServer } from '@muster/storage';

export interface StoreViewSetup {
  readonly server: MemoryStoreServer;
  readonly cluster: string;
  readonly clock: { monotonic(): Millis };
}

/** The truth, as the cluster store holds it, past every fault: for checkers, and for whoever asks the world who owns what. */
export class StoreView {
  private readonly setup: StoreViewSetup;
  private readonly keys: ReturnType<typeof storeKeys>;
  /** Texts, not revisions: a store that was wiped counts from the beginning again. */
  private readonly texts = new Map<string, string>();
  private readonly rows = new Map<ShardId, ShardRow>();
  private readonly lost = new Map<ShardId, Millis>();
  private lossCount = 0;
  private record: EpochRecord | undefined;

  constructor(setup: StoreViewSetup) {
    this.setup = setup;
    this.keys = storeKeys(setup.cluster);
  }

  /** Reads what changed since the last time. */
  refresh(): void {
    const { server, clock } = this.setup;
    for (const { key, value } of server.inspect(this.keys.root).entries) {
      if (this.texts.get(key) === value) continue;
      if (key === this.keys.epoch) this.record = parseJson('epoch', value) as EpochRecord;
      else if (!key.startsWith(this.keys.shards)) continue;
      else {
        for (const row of parsePage(Number(key.slice(this.keys.shards.length)), value)) {
          const before = this.rows.get(row.shard);
          if (before && losesState(before, row)) {
            this.lossCount += 1;
            this.lost.set(row.shard, clock.monotonic());
          }
          this.rows.set(row.shard, row);
        }
      }
      this.texts.set(key, value);
    }
  }

  get epoch(): number {
    return this.record?.epoch ?? 0;
  }

  get leader(): PeerId | '' {
    return this.record?.leader ?? '';
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

  /** When what was in the shard was last lost, or may have been; -Infinity: never. */
  lostAt(shard: ShardId): Millis {
    return this.lost.get(shard) ?? Number.NEGATIVE_INFINITY;
  }

  /** How many times that happened, over all shards. */
  get losses(): number {
    return this.lossCount;
  }

  /** Every shard that entities hash to has an owner. */
  get isPlaced(): boolean {
    for (let shard = 0; shard < HASHED_SHARDS; shard += 1)
      if ((this.rows.get(shard as ShardId)?.owner ?? '') === '') return false;
    return true;
  }
}

/** Not where its owner or its backup goes on. A row in between that was not seen could have said anything. */
function losesState(before: ShardRow, row: ShardRow): boolean {
  if (before.owner === '' || row.term === before.term) return false;
  const next = row.term === before.term + 1;
  return !(next && (row.owner === before.owner || row.owner === before.backup));
}
