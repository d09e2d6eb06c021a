import {
  type EntityRef,
  entityKey,
  type PeerId,
  parseEntity,
  parsePeerId,
  type Role,
  SHARDS,
  type ShardId,
  type ShardLayout,
  shardId,
  type Term,
  term,
} from '@muster/ports';

export type RowState = 'stable' | 'moving';

/**
 * How the owner came to own its shard; as long as it does, whatever becomes of backup, learner and term.
 * `placed`: nobody who may be alive had it, or there was nothing in it: what there is, is in storage.
 * `promoted`: it was the backup, and `moved`: it was the learner of a hand-off that was committed; both go on from their copies.
 * A copy is never adopted but by these two: nothing else says that it is what the owner before let out (K10).
 */
export type RowOrigin = 'placed' | 'promoted' | 'moved';

/** One shard's place, as the cluster store has it. Empty text: nobody. */
export interface ShardRow {
  readonly shard: ShardId;
  readonly owner: PeerId | '';
  readonly origin: RowOrigin;
  readonly backup: PeerId | '';
  readonly learner: PeerId | '';
  readonly term: Term;
  readonly state: RowState;
  /** Id of the move that is under way, or empty. */
  readonly move: string;
  /** The owner before is surely dead: a promoted backup need not wait out the read lease that it gave (K7). Absent: not sure. */
  readonly sure?: boolean;
  /** An owner before may still act on what it had alone: its successors keep ungated actors still. Stays until the leader knows better. */
  readonly atLarge?: boolean;
  /** The term in which the owner came to own it: one that has had it since may have missed any number of rows. Absent: not known. */
  readonly since?: Term;
}

export type MemberState = 'up' | 'cordoned' | 'draining' | 'suspect' | 'dead';

export interface MemberInfo {
  readonly role: Role;
  readonly peer: PeerId;
  readonly address: string;
  readonly state: MemberState;
  readonly zone: string;
  readonly build: string;
}

/** What a coordinator pushes: the whole table, or what changed since an earlier revision. */
export interface TableUpdate {
  readonly revision: number;
  readonly full: boolean;
  readonly rows: readonly ShardRow[];
  readonly overrides: readonly { readonly entity: string; readonly shard: ShardId | null }[];
  /** The whole list, where it changed. */
  readonly members?: readonly MemberInfo[];
}

/** `kind/id`, and the shard that it belongs to now. */
export interface EntityMoved {
  readonly entity: EntityRef;
  readonly from: ShardId;
  readonly to: ShardId;
}

export interface TableListener {
  /** These entities are in other shards than before; rows that came with it follow. */
  entitiesMoved?(moved: readonly EntityMoved[]): void;
  /** The row has another owner, term or state than before. */
  rowChanged?(row: ShardRow, before: ShardRow): void;
  membersChanged?(members: readonly MemberInfo[]): void;
  /** A whole table came whose rows of these shards are older than the ones known here: its leader's store was put back (K4). Mostly none. */
  passedOver?(older: readonly PassedOver[]): void;
}

/** A row that was not taken, and the term that is known of its shard. */
export interface PassedOver {
  readonly row: ShardRow;
  readonly known: Term;
}

export function rowOrigin(text: unknown): RowOrigin {
  return text === 'promoted' || text === 'moved' ? text : 'placed';
}

export function emptyRow(shard: ShardId): ShardRow {
  return { shard, owner: '', origin: 'placed', backup: '', learner: '', term: term(0), state: 'stable', move: '' };
}

/**
 * One process's copy of the entity→owner table: hash rule + overrides + shard rows.
 * A row's term never goes down: an older row in a late update is passed over (fence 3).
 */
export class RoutingTable {
  readonly layout: ShardLayout;
  private readonly rows: ShardRow[];
  private overrides: ReadonlyMap<string, ShardId> = new Map();
  private readonly placementKeys: ReadonlyMap<string, (id: string) => string>;
  private readonly listeners = new Set<TableListener>();
  private memberList: readonly MemberInfo[] = [];
  private byPeer = new Map<string, MemberInfo>();
  private currentRevision = 0;

  /** `placementKeys`: for kinds whose key is not `kind/id`. */
  constructor(placementKeys: ReadonlyMap<string, (id: string) => string> = new Map(), layout = SHARDS) {
    this.placementKeys = placementKeys;
    this.layout = layout;
    this.rows = Array.from({ length: layout.count }, (_, shard) => emptyRow(shardId(shard)));
  }

  get revision(): number {
    return this.currentRevision;
  }

  shardOf(entity: EntityRef): ShardId {
    if (this.overrides.size > 0) {
      const override = this.overrides.get(entityKey(entity));
      if (override !== undefined) return override;
    }
    const keyed = this.placementKeys.get(entity.kind);
    return this.layout.of(keyed ? keyed(entity.id) : entityKey(entity));
  }

  row(shard: ShardId): ShardRow {
    return this.rows[shard]!;
  }

  allRows(): readonly ShardRow[] {
    return this.rows;
  }

  allOverrides(): ReadonlyMap<string, ShardId> {
    return this.overrides;
  }

  members(): readonly MemberInfo[] {
    return this.memberList;
  }

  member(peer: string): MemberInfo | undefined {
    return this.byPeer.get(peer);
  }

  /** The living incarnation under a plain id, if any. */
  memberById(id: string): MemberInfo | undefined {
    return this.memberList.find((member) => parsePeerId(member.peer).id === id && member.state !== 'dead');
  }

  listen(listener: TableListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  apply(update: TableUpdate): void {
    // A whole table is its leader's word: a store that was set up anew counts from the beginning again (K4).
    this.currentRevision = update.full ? update.revision : Math.max(this.currentRevision, update.revision);
    // Members first: whoever hears of a new owner can look up where it listens.
    if (update.members) this.replaceMembers(update.members);
    const moved = this.override(update);
    const changed: [ShardRow, ShardRow][] = [];
    const older: PassedOver[] = [];
    for (const row of update.rows) {
      const before = this.rows[row.shard];
      if (before && row.term < before.term) older.push({ row, known: before.term });
      if (!before || row.term < before.term || sameRow(row, before)) continue;
      this.rows[row.shard] = row;
      changed.push([row, before]);
    }
    if (moved.length > 0) for (const listener of this.listeners) listener.entitiesMoved?.(moved);
    for (const [row, before] of changed) for (const listener of this.listeners) listener.rowChanged?.(row, before);
    if (update.full) for (const listener of this.listeners) listener.passedOver?.(older);
  }

  private override({ full, overrides }: TableUpdate): readonly EntityMoved[] {
    const next = new Map(full ? [] : this.overrides);
    for (const { entity, shard } of overrides) {
      if (shard === null) next.delete(entity);
      else next.set(entity, shard);
    }
    const named = new Set([...this.overrides.keys(), ...next.keys()]);
    // Nearly always there is none.
    if (named.size === 0) return [];
    const were = [...named].map((name) => ({ entity: parseEntity(name), from: this.shardOf(parseEntity(name)) }));
    this.overrides = next;
    return were
      .map(({ entity, from }) => ({ entity, from, to: this.shardOf(entity) }))
      .filter(({ from, to }) => from !== to);
  }

  private replaceMembers(members: readonly MemberInfo[]): void {
    this.memberList = members;
    this.byPeer = new Map(members.map((member) => [member.peer, member]));
    for (const listener of this.listeners) listener.membersChanged?.(members);
  }
}

export function sameRow(a: ShardRow, b: ShardRow): boolean {
  return (
    a.term === b.term &&
    a.owner === b.owner &&
    a.origin === b.origin &&
    a.backup === b.backup &&
    a.learner === b.learner &&
    a.state === b.state &&
    a.move === b.move &&
    a.sure === b.sure &&
    a.atLarge === b.atLarge &&
    a.since === b.since
  );
}
