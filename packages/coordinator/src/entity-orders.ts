import type { CarvingEnd, RoutingTable, ShardRow } from '@muster/cluster';
import {
  type Clock,
  entityKey,
  type Metrics,
  type Millis,
  MusterError,
  type PeerId,
  parseEntity,
  type ShardId,
  type StoredEntry,
} from '@muster/ports';
import type { Carvings } from './carvings.js';
import { type EntityOrder, type EntityStep, type EntityWish, nextStep } from './entity-order.js';
import type { Ledger } from './ledger.js';
import type { Moves } from './moves.js';
import { OrderBook, type OrderBookSetup } from './order-book.js';
import { OVERRIDES_AT_ONCE, type OverrideChange } from './overrides.js';
import { freeSolo, idleSolos } from './solo-shards.js';

/** Orders that are remembered for operators after their end. */
const ENDED_MAX = 64;

/** How an order ended. `done`: the entity is where it was wanted. */
export type OrderEnd = 'done' | 'target-gone' | 'too-slow';

export interface EntityOrdersSetup extends OrderBookSetup {
  readonly clock: Clock;
  readonly epoch: number;
  readonly ledger: Ledger;
  readonly moves: Moves;
  readonly carvings: Carvings;
  /** For its rule from entity to shard; it has no overrides. */
  readonly rule: RoutingTable;
  /** Nodes that may get shards. */
  readonly targets: () => readonly PeerId[];
  readonly isGone: (peer: PeerId) => boolean;
  readonly isWell: (peer: PeerId) => boolean;
  /** Its owner is asked for it, to give it up. */
  readonly isReleased: (shard: ShardId) => boolean;
  /** Something has to be written: `takeRows` gives it. */
  readonly write: () => void;
  /** An order that is not carried out by then is given up. */
  readonly orderMs: Millis;
  readonly metrics: Metrics;
}

export interface EndedOrder extends EntityOrder {
  readonly end: OrderEnd;
}

/** What operators want of single entities, until it is so (entity-order.ts). It is in the store (order-book.ts), so a new leader goes on with it. */
export class EntityOrders {
  private readonly setup: EntityOrdersSetup;
  private readonly orders = new Map<string, EntityOrder>();
  private readonly book: OrderBook;
  /** Entities whose orders are on their way to the store: nothing is done before they are there. */
  private readonly unwritten = new Set<string>();
  private readonly steps = new Map<string, EntityStep>();
  /** Solo shards of entities with orders. */
  private readonly kept = new Set<ShardId>();
  private endedOrders: readonly EndedOrder[] = [];
  private placements = new Map<ShardId, PeerId>();
  private notes = new Map<string, OverrideChange>();
  private started = 0;
  private stopped = false;

  constructor(setup: EntityOrdersSetup) {
    this.setup = setup;
    this.book = new OrderBook(setup);
  }

  /** Those that are being carried out, with what they wait for or do. */
  all(): readonly { readonly order: EntityOrder; readonly phase: string }[] {
    return [...this.orders.values()].map((order) => {
      const step = this.steps.get(order.entity);
      return { order, phase: step?.type === 'wait' ? `waits: ${step.why}` : (step?.type ?? 'begins') };
    });
  }

  /** The last that are over, oldest first. */
  get ended(): readonly EndedOrder[] {
    return this.endedOrders;
  }

  /** Where an entity (`kind/id`) hashes to. */
  homeOf(entity: string): ShardId {
    return this.setup.rule.shardOf(parseEntity(entity));
  }

  /** Where it is. */
  shardOf(entity: string): ShardId {
    return this.setup.ledger.overrides.get(entity)?.shard ?? this.homeOf(entity);
  }

  /**
   * Resolves once it is in the store, and so survives this leader.
   * @throws MusterError INVALID_ENTITY, REFUSED (another order for it is under way, or another coordinator leads), SOLO_SHARDS_TAKEN,
   * STORE_UNAVAILABLE; STORE_OUTCOME_UNKNOWN: it is not begun here, but a next leader might
   */
  async begin(text: string, wish: EntityWish, to: PeerId | ''): Promise<EntityOrder> {
    const order = this.newOrder(text, wish, to);
    const { entity } = order;
    this.keep(order);
    this.unwritten.add(entity);
    try {
      await this.book.put(order);
    } catch (error) {
      this.forget(order);
      throw error;
    } finally {
      this.unwritten.delete(entity);
    }
    this.count(wish, 'begun');
    if (!this.stopped) this.follow(order);
    return order;
  }

  /** What the leader before was told, as the store has it: it is gone on with, under its own name. Its time begins anew. */
  resume(entries: readonly StoredEntry[]): void {
    const { clock, log, epoch } = this.setup;
    for (const { id, entity, wish, to, solo: kept } of this.book.ordersIn(entries)) {
      if (id === '') continue;
      const solo = this.soloOf(entity, kept);
      if (solo === undefined) continue;
      this.keep({ id, entity, wish, to, solo, home: this.homeOf(entity), begun: clock.monotonic() });
      this.count(wish, 'resumed');
      log.write('info', 'entity.order-resumed', { epoch, id, entity, wish, to });
    }
  }

  /** A list of the cluster: orders in it that nobody knows are nobody's. */
  listed(entries: readonly StoredEntry[]): void {
    for (const { entity, id, modRevision } of this.book.ordersIn(entries)) {
      if (this.orders.get(entity)?.id !== id && !this.unwritten.has(entity))
        void this.book.erase(entity, id, modRevision);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private newOrder(text: string, wish: EntityWish, to: PeerId | ''): EntityOrder {
    const { ledger, clock, epoch } = this.setup;
    const entity = entityKey(parseEntity(text));
    const known = this.orders.get(entity);
    if (known) throw new MusterError('REFUSED', { reason: `order ${known.id} for ${entity} is under way` });
    const solo = this.soloOf(entity);
    if (solo === undefined)
      throw new MusterError('SOLO_SHARDS_TAKEN', { max: ledger.layout.count - ledger.layout.hashed });
    this.started += 1;
    const id = `${epoch}.e${this.started}`;
    return { id, entity, wish, to, home: this.homeOf(entity), solo, begun: clock.monotonic() };
  }

  /** The one that it is in, else this one where it is free, else the first that is. */
  private soloOf(entity: string, wanted?: ShardId): ShardId | undefined {
    const { ledger } = this.setup;
    const known = ledger.overrides.get(entity)?.shard;
    if (known !== undefined) return known;
    if (wanted !== undefined && !this.isTaken(wanted)) return wanted;
    return freeSolo(ledger.rows(), ledger.layout, (shard) => this.isTaken(shard));
  }

  private keep(order: EntityOrder): void {
    this.orders.set(order.entity, order);
    this.kept.add(order.solo);
  }

  private forget({ entity, solo }: EntityOrder): void {
    this.orders.delete(entity);
    this.kept.delete(solo);
    this.steps.delete(entity);
  }

  /** Whether an operator wants what a carving would bring about to stay where it is. */
  isPinned(entity: string): boolean {
    return this.orders.get(entity)?.wish === 'pin';
  }

  /** Solo shards that nobody is in any more, and whose owners can be asked for them. */
  idle(): readonly ShardRow[] {
    const { ledger, moves, isWell } = this.setup;
    const idle = idleSolos(ledger.rows(), ledger.layout, (shard) => this.isTaken(shard) || moves.has(shard));
    return idle.filter(({ owner }) => owner !== '' && isWell(owner));
  }

  /** Somebody is in this solo shard, on the way there, or is to be. */
  private isTaken(shard: ShardId): boolean {
    const { ledger, carvings } = this.setup;
    return ledger.overrides.ofShard(shard) !== undefined || this.kept.has(shard) || carvings.has(shard);
  }

  tick(): void {
    for (const order of [...this.orders.values()]) if (!this.unwritten.has(order.entity)) this.follow(order);
  }

  carvingOver(entity: string, end: CarvingEnd): void {
    const order = this.orders.get(entity);
    if (order && end === 'carved') this.setup.clock.defer(() => this.again(order));
  }

  /** What is to be written now: empty solo shards with their owners, and overrides that change nothing about where their entities are. */
  takeRows(given: (row: ShardRow, owner: PeerId) => ShardRow): {
    readonly rows: readonly ShardRow[];
    readonly notes: readonly OverrideChange[];
  } {
    const { ledger } = this.setup;
    const placed = [...this.placements].flatMap(([shard, owner]) => {
      const row = ledger.row(shard);
      return row.owner === '' ? given(row, owner) : [];
    });
    // What is left out is asked for again with the next tick.
    const notes = [...this.notes.values()]
      .filter(({ entity, to }) => ledger.overrides.get(entity)?.shard === to?.shard)
      .slice(0, OVERRIDES_AT_ONCE);
    this.placements = new Map();
    this.notes = new Map();
    // An override is written with the row of its shard, as it stands.
    return { rows: [...placed, ...notes.flatMap(({ to }) => (to ? ledger.row(to.shard) : []))], notes };
  }

  private again(order: EntityOrder): void {
    if (this.orders.get(order.entity) === order) this.follow(order);
  }

  private follow(order: EntityOrder): void {
    const { clock, orderMs, ledger, targets, isGone } = this.setup;
    const step = nextStep(order, {
      override: ledger.overrides.get(order.entity),
      row: (shard) => ledger.row(shard),
      isBusy: (shard) => this.isBusy(shard),
      mayTake: (peer) => targets().includes(peer),
      isGone,
    });
    this.steps.set(order.entity, step);
    if (step.type === 'done') this.over(order, 'done');
    else if (step.type === 'failed') this.over(order, step.end);
    else if (clock.monotonic() - order.begun >= orderMs) this.over(order, 'too-slow');
    else this.perform(order, step);
  }

  private perform({ entity }: EntityOrder, step: EntityStep): void {
    const { ledger, moves, carvings, write } = this.setup;
    if (step.type === 'place') {
      this.placements.set(step.shard, step.owner);
      write();
    } else if (step.type === 'note') {
      this.notes.set(entity, { entity, to: step.override });
      write();
    } else if (step.type === 'hand-off') moves.begin(ledger.row(step.shard), step.to, 'asked');
    else if (step.type === 'carve') carvings.begin(entity, ledger.row(step.from), ledger.row(step.into));
  }

  private isBusy(shard: ShardId): boolean {
    const { moves, carvings, isReleased, ledger } = this.setup;
    const { atLarge } = ledger.row(shard);
    return moves.has(shard) || carvings.has(shard) || isReleased(shard) || (atLarge === true && moves.atLarge.isAny());
  }

  private over(order: EntityOrder, end: OrderEnd): void {
    const { log, epoch } = this.setup;
    const { id, entity, wish, to } = order;
    this.forget(order);
    void this.book.erase(entity, id);
    this.endedOrders = [...this.endedOrders, { ...order, end }].slice(-ENDED_MAX);
    this.count(wish, end);
    const shard = this.shardOf(entity);
    log.write('info', 'entity.order-over', { epoch, id, entity, wish, to, shard, end });
  }

  private count(wish: EntityWish, end: string): void {
    const { metrics } = this.setup;
    const counter = metrics.counter(
      'muster_coordinator_entity_orders_total',
      'Orders for single entities, begun and ended',
    );
    counter.add(1, { wish, end });
  }
}
