import type { ShardId, ShardPage } from '@muster/ports';
import type { ShardCounters } from './counters.js';
import { damaged, readEntity, type StoredRow } from './rows.js';

/** Rows in reading order; `cut`: there are more. */
export interface RowPage {
  readonly rows: readonly StoredRow[];
  readonly cut: boolean;
}

/** Limits of one read. */
export interface RowLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** A page of whole entities. `only` reads all rows of one entity: asked where it alone is more than a page. */
export async function readPage(
  shard: ShardId,
  { rows, cut }: RowPage,
  only: (entity: string) => Promise<RowPage>,
  counters: ShardCounters,
): Promise<ShardPage> {
  const byEntity = new Map<string, StoredRow[]>();
  for (const row of rows) {
    const same = byEntity.get(row.entity);
    if (same) same.push(row);
    else byEntity.set(row.entity, [row]);
  }
  const last = rows.at(-1)?.entity;
  let tooLong = false;
  if (cut && byEntity.size > 1) byEntity.delete(last!);
  else if (cut) {
    const whole = await only(last!);
    byEntity.set(last!, [...whole.rows]);
    tooLong = whole.cut;
  }
  const entities: ShardPage['entities'][number][] = [];
  for (const [entity, own] of byEntity) {
    const read = tooLong
      ? damaged(shard, entity, 'it is longer than one entity may be')
      : readEntity(shard, entity, own);
    if (!read) continue;
    if ('error' in read) counters.damaged();
    entities.push(read);
  }
  return { entities, next: cut ? [...byEntity.keys()].at(-1) : undefined };
}
