// Orders for single entities in the cluster store, so that they outlive the leader that took them: /muster/<cluster>/orders/<kind>/<id>.
//
//   taken   put before the operator is told so     whoever leads next finds it among all that it reads, and goes on with it
//   over    deleted; where that fails, when a list of the cluster still shows it
//
// The leader's memory is the truth, the store is its mirror: every write compares the epoch (fence 1), so a deposed leader takes no order,
// and one that nobody knows, left by a write whose outcome stayed unknown or by a delete that failed, is swept with the next list.
import type { StoreKeys } from '@muster/cluster';
import {
  type ClusterStore,
  codeOf,
  type Log,
  MusterError,
  type PeerId,
  type ShardId,
  type ShardLayout,
  type StoredEntry,
} from '@muster/ports';
import type { EntityOrder, EntityWish } from './entity-order.js';

/** What the store says of one. */
export type StoredOrder = Pick<EntityOrder, 'id' | 'entity' | 'wish' | 'to' | 'solo'>;

export interface OrderBookSetup {
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  /** Revision of the epoch's key as this leader wrote it. */
  readonly fence: number;
  readonly log: Log;
}

const WISHES: readonly string[] = ['move', 'pin', 'unpin'] satisfies readonly EntityWish[];

export class OrderBook {
  private readonly setup: OrderBookSetup;

  constructor(setup: OrderBookSetup) {
    this.setup = setup;
  }

  /** Resolves once it is in the store. @throws MusterError STORE_UNAVAILABLE, STORE_OUTCOME_UNKNOWN, REFUSED (another coordinator leads) */
  async put({ id, entity, wish, to, solo }: EntityOrder): Promise<void> {
    const { store, keys, fence } = this.setup;
    const value = JSON.stringify({ order: id, wish, to, solo });
    const { succeeded } = await store.transact({
      compare: [{ key: keys.epoch, modRevision: fence }],
      writes: [{ type: 'put', key: keys.order(entity), value }],
    });
    if (!succeeded) throw new MusterError('REFUSED', { reason: 'another coordinator leads by now' });
  }

  /** All that a list of the cluster shows. What cannot be read is somebody's hand, and nobody's order. */
  ordersIn(entries: readonly StoredEntry[]): readonly (StoredOrder & { readonly modRevision: number })[] {
    const { keys, log } = this.setup;
    return entries.flatMap(({ key, value, modRevision }) => {
      if (!key.startsWith(keys.orders)) return [];
      const entity = key.slice(keys.orders.length);
      const order = readOrder(entity, value, keys.layout);
      if (!order) log.write('error', 'entity.order-unreadable', { entity, value: value.slice(0, 64) });
      return [{ ...(order ?? { id: '', entity, wish: 'move', to: '', solo: 0 as ShardId }), modRevision }];
    });
  }

  /** Deletes it as long as it is the same. Never throws: one that stays is seen in the next list. */
  async erase(entity: string, id: string, seen?: number): Promise<void> {
    const { store, keys, fence, log } = this.setup;
    const key = keys.order(entity);
    try {
      const found = seen ?? (await this.revisionOf(key, entity, id));
      if (found === undefined) return;
      const compare = [{ key: keys.epoch, modRevision: fence }, { key, modRevision: found }]; // biome-ignore format: one line
      await store.transact({ compare, writes: [{ type: 'delete', key }] });
    } catch (error) {
      log.write('info', 'entity.order-not-erased', { entity, id, code: codeOf(error) });
    }
  }

  private async revisionOf(key: string, entity: string, id: string): Promise<number | undefined> {
    const { store, keys } = this.setup;
    const { entries } = await store.range(key);
    const entry = entries.find((one) => one.key === key);
    return entry && readOrder(entity, entry.value, keys.layout)?.id === id ? entry.modRevision : undefined;
  }
}

function readOrder(entity: string, text: string, layout: ShardLayout): StoredOrder | undefined {
  try {
    const found = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const { order: id, wish, to, solo } = found ?? {};
    if (typeof id !== 'string' || id === '' || typeof wish !== 'string' || !WISHES.includes(wish)) return undefined;
    if (typeof to !== 'string' || !layout.has(solo) || layout.isHashed(solo)) return undefined;
    return { id, entity, wish: wish as EntityWish, to: to as PeerId, solo };
  } catch {
    return undefined;
  }
}
