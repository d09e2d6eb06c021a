import { formatOverride, type Override, parseOverride, type StoreKeys } from '@muster/cluster';
import type { Compare, ShardId, StoredEntry, StoreWrite } from '@muster/ports';

/** `to` null: the entity is where it hashes to. */
export interface OverrideChange {
  /** `kind/id` */
  readonly entity: string;
  readonly to: Override | null;
}

/** Written at one time: beside all pages and the epoch, 128 operations of a transaction leave room for so many compares and writes. */
export const OVERRIDES_AT_ONCE = 16;

interface Known {
  readonly override: Override;
  readonly modRevision: number;
}

/** Entities that are not where they hash to (K1), as the leader's ledger has them: read and written in the transactions of its pages. */
export class Overrides {
  private readonly keys: StoreKeys;
  private known: ReadonlyMap<string, Known> = new Map();
  private listed: ReadonlyMap<string, Override> | undefined;
  private shards: ReadonlyMap<ShardId, Override> | undefined;

  constructor(keys: StoreKeys) {
    this.keys = keys;
  }

  /** By `kind/id`. */
  all(): ReadonlyMap<string, Override> {
    this.listed ??= new Map([...this.known].map(([entity, { override }]) => [entity, override]));
    return this.listed;
  }

  /** The one that names this solo shard. */
  ofShard(shard: ShardId): Override | undefined {
    this.shards ??= new Map([...this.known.values()].map(({ override }) => [override.shard, override]));
    return this.shards.get(shard);
  }

  get(entity: string): Override | undefined {
    return this.known.get(entity)?.override;
  }

  /** What a list of the cluster shows. Names of those that are others than before. @throws MusterError STORE_MISMATCH */
  read(entries: readonly StoredEntry[]): readonly string[] {
    const { overrides } = this.keys;
    const next = new Map<string, Known>();
    for (const { key, value, modRevision } of entries) {
      if (!key.startsWith(overrides)) continue;
      const entity = key.slice(overrides.length);
      const same = this.known.get(entity);
      const override =
        same?.modRevision === modRevision ? same.override : parseOverride(entity, value, this.keys.layout);
      next.set(entity, { override, modRevision });
    }
    return this.become(next);
  }

  comparesOf(changes: readonly OverrideChange[]): Compare[] {
    return changes.map(({ entity }) => ({
      key: this.keys.override(entity),
      modRevision: this.known.get(entity)?.modRevision ?? 0,
    }));
  }

  writesOf(changes: readonly OverrideChange[]): StoreWrite[] {
    return changes.map(({ entity, to }) => {
      const key = this.keys.override(entity);
      return to ? { type: 'put', key, value: formatOverride(to) } : { type: 'delete', key };
    });
  }

  /** They are in the store since `revision`. Names of those that are others than before. */
  wrote(changes: readonly OverrideChange[], revision: number): readonly string[] {
    const next = new Map(this.known);
    for (const { entity, to } of changes) {
      if (to) next.set(entity, { override: to, modRevision: revision });
      else next.delete(entity);
    }
    return this.become(next);
  }

  /** Whether it is as these changes wanted it. */
  has(changes: readonly OverrideChange[]): boolean {
    return changes.every(({ entity, to }) => isSame(this.get(entity), to ?? undefined));
  }

  private become(next: ReadonlyMap<string, Known>): readonly string[] {
    const before = this.known;
    this.known = next;
    if (before.size + next.size === 0) return [];
    this.listed = undefined;
    this.shards = undefined;
    const names = new Set([...before.keys(), ...next.keys()]);
    return [...names].filter((entity) => !isSame(before.get(entity)?.override, next.get(entity)?.override));
  }
}

function isSame(a: Override | undefined, b: Override | undefined): boolean {
  return a?.shard === b?.shard && a?.pinned === b?.pinned;
}
