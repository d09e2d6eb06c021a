import {
  type ClaimAnswer,
  type LogBatch,
  MusterError,
  type ShardAnswer,
  type ShardClaim,
  type ShardId,
  type ShardMark,
  type ShardRefusal,
  type ShardSaves,
  type ShardStanding,
  type StoredPosition,
  type Term,
  term,
  type Whereabout,
} from '@muster/ports';
import { answer, type Head, refusalOf, type Wanted } from './admission.js';
import type { RowLimits, RowPage } from './pages.js';
import { checksum, type RecordRow, type SnapshotRow, type StoredRow } from './rows.js';

interface Kept {
  snapshot: (SnapshotRow & { readonly term: Term }) | undefined;
  records: RecordRow[];
}

interface Shard {
  head: Head;
  before: ClaimAnswer['before'];
  readonly entities: Map<string, Kept>;
}

/** What the tables of the SQL form hold, and what its statements do. */
export class MemoryShards {
  private readonly shards = new Map<ShardId, Shard>();
  private readonly rowsMax: number;
  private readonly refusalOf: typeof refusalOf;
  private rows = 0;

  /** `rowsMax`: more would be a leak; it then behaves as a full disk. */
  constructor(rowsMax: number, refuses: typeof refusalOf = refusalOf) {
    this.rowsMax = rowsMax;
    this.refusalOf = refuses;
  }

  claim({ shard, term: asTerm, standing }: ShardClaim): ClaimAnswer {
    const held = this.shards.get(shard);
    if (!held) {
      const head = { term: asTerm, position: 0, standing };
      this.shards.set(shard, { head, before: undefined, entities: new Map() });
      return { ...answer(shard, head, undefined), before: undefined };
    }
    if (asTerm > held.head.term) {
      held.before = held.head;
      held.head = { ...held.head, term: asTerm, standing };
    }
    return { ...answer(shard, held.head, asTerm < held.head.term ? 'STALE_TERM' : undefined), before: held.before };
  }

  append(batch: LogBatch): ShardAnswer {
    return this.write({ ...batch, needs: batch.first - 1 }, (held) => {
      for (const [n, { entity, seq, text }] of batch.records.entries()) {
        const position = batch.first + n;
        if (position <= held.head.position) continue;
        const row = { entity, position, seq, version: null, body: text };
        this.kept(held, entity).records.push({ ...row, crc: checksum(row) });
        held.head = {
          ...held.head,
          position,
          standing: held.head.standing === 'parked' ? 'behind' : held.head.standing,
        };
        this.rows += 1;
      }
      mark(held, batch.standing);
    });
  }

  save({ shard, term: asTerm, entities, standing }: ShardSaves): ShardAnswer {
    const needs = entities.reduce((top, { position }) => Math.max(top, position), 0);
    return this.write({ shard, term: asTerm, needs }, (held) => {
      for (const { entity, position, seq, version, text } of entities) {
        const kept = this.kept(held, entity);
        const row = { entity, position, seq, version, body: text };
        if (!kept.snapshot) this.rows += 1;
        if (isNewer({ ...row, term: asTerm }, kept.snapshot))
          kept.snapshot = { ...row, term: asTerm, crc: checksum(row) };
        this.trim(kept, position);
      }
      mark(held, standing);
    });
  }

  mark({ shard, term: asTerm, standing, through }: ShardMark): ShardAnswer {
    return this.write({ shard, term: asTerm, needs: through }, (held) => {
      mark(held, standing);
    });
  }

  forget(
    shard: ShardId,
    asTerm: Term,
    entities: readonly { readonly entity: string; readonly position: StoredPosition }[],
  ): ShardAnswer {
    return this.write({ shard, term: asTerm, needs: 0 }, (held) => {
      for (const { entity, position } of entities) {
        const kept = held.entities.get(entity);
        if (!kept) continue;
        this.trim(kept, position);
        if (kept.snapshot && kept.snapshot.position <= position) {
          kept.snapshot = undefined;
          this.rows -= 1;
        }
        if (!kept.snapshot && kept.records.length === 0) held.entities.delete(entity);
      }
    });
  }

  /** @throws MusterError STALE_TERM */
  page(
    { shard, term: asTerm }: { readonly shard: ShardId; readonly term: Term },
    matches: (entity: string) => boolean,
    limits: RowLimits,
  ): RowPage {
    const held = this.shards.get(shard);
    const current = held?.head.term ?? term(0);
    if (!held || current !== asTerm) throw new MusterError('STALE_TERM', { shard, term: asTerm, current });
    const rows: StoredRow[] = [];
    let bytes = 0;
    const names = [...held.entities.keys()].filter(matches).sort(compareNames);
    for (const name of names)
      for (const row of rowsOf(held.entities.get(name)!)) {
        bytes += Buffer.byteLength(row.body);
        if (rows.length > 0 && (rows.length === limits.rows || bytes > limits.bytes)) return { rows, cut: true };
        rows.push(row);
      }
    return { rows, cut: false };
  }

  whereabouts(first: ShardId, entities: readonly string[] = []): readonly Whereabout[] {
    const all = [...this.shards].flatMap(([shard, { entities }]) =>
      [...entities].map(([entity, kept]) => ({ entity, shard, last: kept.records.at(-1) ?? kept.snapshot })),
    );
    const suspects = new Set(
      all
        .filter(({ shard }) => shard >= first)
        .map(({ entity }) => entity)
        .concat(entities),
    );
    return all
      .filter(({ entity, last }) => suspects.has(entity) && last !== undefined && last.body !== '')
      .map(({ entity, shard }) => ({ entity, shard }))
      .sort((a, b) => compareNames(a.entity, b.entity) || a.shard - b.shard);
  }

  terms(): ReadonlyMap<ShardId, Term> {
    const claimed = [...this.shards].flatMap(([shard, { head }]) => (head ? [[shard, head.term] as const] : []));
    return new Map(claimed.sort(([a], [b]) => a - b));
  }

  head(shard: ShardId): Head | undefined {
    return this.shards.get(shard)?.head;
  }

  /** Every row of the shard, in reading order. */
  rowsIn(shard: ShardId): readonly StoredRow[] {
    const entities = this.shards.get(shard)?.entities ?? new Map<string, Kept>();
    return [...entities.keys()].sort(compareNames).flatMap((name) => rowsOf(entities.get(name)!));
  }

  /** Rewrites rows of one entity as a broken disk might; undefined removes one. */
  tamper(shard: ShardId, entity: string, change: (row: StoredRow) => StoredRow | undefined): void {
    const kept = this.shards.get(shard)?.entities.get(entity);
    if (!kept) return;
    const { snapshot, records } = kept;
    const changed = snapshot && change(snapshot);
    kept.snapshot = snapshot && changed && { ...snapshot, ...changed, version: snapshot.version };
    kept.records = records.flatMap((row) => {
      const next = change(row);
      return next ? [{ ...next, version: null }] : [];
    });
  }

  private write(wanted: Wanted, act: (held: Shard) => void): ShardAnswer {
    const held = this.shards.get(wanted.shard);
    const refused: ShardRefusal | undefined = this.refusalOf(wanted, held?.head);
    if (held && !refused) act(held);
    return answer(wanted.shard, held?.head, refused);
  }

  /** All of it, as a backup of a database has it. */
  copy(): MemoryShards {
    const copy = new MemoryShards(this.rowsMax, this.refusalOf);
    for (const [shard, { head, before, entities }] of this.shards) {
      const own: Shard = { head, before, entities: new Map() };
      for (const [name, { snapshot, records }] of entities) own.entities.set(name, { snapshot, records: [...records] });
      copy.shards.set(shard, own);
    }
    copy.rows = this.rows;
    return copy;
  }

  /** @throws MusterError STORAGE_UNAVAILABLE where `more` rows do not fit. */
  requireRoom(more: number): void {
    if (this.rows + more <= this.rowsMax) return;
    throw new MusterError('STORAGE_UNAVAILABLE', { cause: `memory holds at most ${this.rowsMax} rows` });
  }

  private kept(held: Shard, entity: string): Kept {
    const known = held.entities.get(entity);
    if (known) return known;
    const kept: Kept = { snapshot: undefined, records: [] };
    held.entities.set(entity, kept);
    return kept;
  }

  private trim(kept: Kept, position: StoredPosition): void {
    const left = kept.records.filter((row) => row.position > position);
    this.rows -= kept.records.length - left.length;
    kept.records = left;
  }
}

function mark(held: Shard, standing: ShardStanding | undefined): void {
  if (standing) held.head = { ...held.head, standing };
}

function rowsOf({ snapshot, records }: Kept): StoredRow[] {
  return snapshot ? [snapshot, ...records] : [...records];
}

/** As Postgres compares text in the "C" collation. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

type Order = Pick<SnapshotRow, 'position' | 'seq'> & { readonly term: Term };

/** Or the same again. */
function isNewer(given: Order, kept: Order | undefined): boolean {
  if (!kept) return true;
  if (given.position !== kept.position) return given.position > kept.position;
  return given.term !== kept.term ? given.term > kept.term : given.seq >= kept.seq;
}
