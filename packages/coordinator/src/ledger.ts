import {
  emptyPage,
  formatPage,
  pageNumbers,
  parseBuried,
  parsePage,
  type ShardRow,
  type StoreKeys,
} from '@muster/cluster';
import {
  type Clock,
  type ClusterStore,
  type Compare,
  codeOf,
  type Millis,
  type PeerId,
  pageOf,
  type RangeResult,
  SHARDS_PER_PAGE,
  type ShardId,
  type ShardLayout,
  type Term,
  term,
} from '@muster/ports';
import { type OverrideChange, Overrides } from './overrides.js';
import { namedIn } from './placement.js';

/**
 * `committed`: it is in the store. `refused`: it is not and never will be; the ledger has read again what is.
 * `fenced`: another coordinator leads. `away`: the store did not take it. `stopped`: nobody needs the answer any more.
 */
export type CommitResult = 'committed' | 'refused' | 'fenced' | 'away' | 'stopped';

export interface LedgerSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  /** Revision of the epoch's key as this leader wrote it: compared by every transaction. */
  readonly fence: number;
  readonly retryMs: Millis;
  readonly answered: (what?: 'read' | 'write') => void;
  readonly failed: (error: unknown) => void;
  /** The store shows less than was read or written here before (K4). Nothing of it is taken, and nothing is written any more. */
  readonly wentBack: () => void;
  /** Rows that are not as they were, however this came to be known. */
  readonly changed: (rows: readonly ShardRow[]) => void;
  /** Entities whose overrides are not as they were. Their rows, if any, follow in the same turn. */
  readonly overridden?: (entities: readonly string[]) => void;
}

/** Nodes whose death is remembered. One that was away while so many others died is taken for a newcomer: its terms are too old. */
const BURIED_MAX = 64;

interface Page {
  readonly modRevision: number;
  readonly rows: readonly ShardRow[];
}

/**
 * The shard table in the store, as its leader sees it. Every change is one transaction that holds only while nobody else took over
 * and the pages are as they were seen (fence 1). One at a time; what became of each is known for sure before the next (K2).
 */
export class Ledger {
  private readonly setup: LedgerSetup;
  readonly layout: ShardLayout;
  private pages: readonly Page[];
  /** Entities that are not where they hash to (K1). */
  readonly overrides: Overrides;
  private readonly changes = new Map<ShardId, number>();
  private graves: readonly PeerId[] = [];
  /** Of the store, when the pages were last known to be as they are here. */
  private knownAt = 0;
  /** On this process's clock: what is asked for later shows at least that. */
  private knownSince: Millis = Number.NEGATIVE_INFINITY;
  private isLost = false;
  private listed: { readonly of: readonly Page[]; readonly rows: readonly ShardRow[] } = { of: [], rows: [] };
  private named: { readonly of: readonly ShardRow[]; readonly peers: ReadonlySet<PeerId> } = {
    of: [],
    peers: new Set(),
  };
  private committing = false;
  private stopped = false;

  constructor(setup: LedgerSetup) {
    this.setup = setup;
    this.layout = setup.keys.layout;
    this.pages = pageNumbers(this.layout).map((page) => ({ modRevision: 0, rows: emptyPage(page) }));
    this.overrides = new Overrides(setup.keys);
  }

  /** Of the store, at the newest row known. */
  get revision(): number {
    return this.pages.reduce((newest, { modRevision }) => Math.max(newest, modRevision), 0);
  }

  /** Incarnations of nodes that were given up for dead under this leader or one before, the last that died at the end (K3). */
  get buried(): readonly PeerId[] {
    return this.graves;
  }

  /** The same list until a row changes: every heartbeat asks. */
  rows(): readonly ShardRow[] {
    if (this.listed.of !== this.pages) this.listed = { of: this.pages, rows: this.pages.flatMap(({ rows }) => rows) };
    return this.listed.rows;
  }

  /** Whether a row names it, as owner, backup or learner. */
  isNamed(peer: PeerId): boolean {
    const rows = this.rows();
    if (this.named.of !== rows) this.named = { of: rows, peers: namedIn(rows) };
    return this.named.peers.has(peer);
  }

  row(shard: ShardId): ShardRow {
    return this.pages[pageOf(shard)]!.rows[shard % SHARDS_PER_PAGE]!;
  }

  /** Asks the store anything: whether it is there (K13). Never throws. */
  async ask(): Promise<void> {
    const { store, keys, answered, failed } = this.setup;
    try {
      await store.range(keys.epoch);
      answered();
    } catch (error) {
      failed(error);
    }
  }

  /** Revision at which the shard's row became what it is: whoever has not seen it cannot mean this row. */
  changedAt(shard: ShardId): number {
    return this.changes.get(shard) ?? 0;
  }

  highestTerm(): Term {
    return term(this.rows().reduce((highest, row) => Math.max(highest, row.term), 0));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Takes what a list of the whole cluster showed that was asked for at `sentAt`, unless a transaction is under way or it is older than
   *  what is known. @returns false: the store went back. @throws MusterError STORE_MISMATCH where a page cannot be read */
  take(result: RangeResult, sentAt: Millis): boolean {
    if (this.isLost) return false;
    if (this.committing) return true;
    if (sentAt >= this.knownSince && this.isBehind(result)) return this.lose();
    if (result.revision >= this.knownAt) this.read(result);
    return true;
  }

  /**
   * Writes these rows and overrides, deletes these keys where they are still as seen, and remembers whom it `buries`. Never throws.
   * An override is written with a row, at least the one of its shard: what became of it shows in that row's page. Ends within the store's deadline, or, where the outcome is unknown, when the store has answered again.
   */
  async commit(
    changes: readonly ShardRow[],
    deletes: readonly Compare[] = [],
    buries: readonly PeerId[] = [],
    overrides: readonly OverrideChange[] = [],
  ): Promise<CommitResult> {
    if (this.isLost) return 'fenced';
    if (this.committing) return 'refused';
    this.committing = true;
    try {
      return await this.write(changes, deletes, buries, overrides);
    } finally {
      this.committing = false;
    }
  }

  private async write(
    changes: readonly ShardRow[],
    deletes: readonly Compare[],
    buries: readonly PeerId[],
    overrides: readonly OverrideChange[],
  ): Promise<CommitResult> {
    const { store, keys, fence, answered, failed } = this.setup;
    const pages = this.withChanges(changes);
    const seen = [...this.comparesOf(pages.keys()), ...this.overrides.comparesOf(overrides)];
    const compare = [{ key: keys.epoch, modRevision: fence }, ...deletes, ...seen];
    const puts = [...pages].map(
      ([page, rows]) => ({ type: 'put', key: keys.page(page), value: formatPage(rows) }) as const,
    );
    const graves = [...new Set([...this.graves, ...buries])].slice(-BURIED_MAX);
    const list = buries.length > 0 ? [{ type: 'put', key: keys.buried, value: JSON.stringify(graves) } as const] : [];
    const deleted = deletes.map(({ key }) => ({ type: 'delete', key }) as const);
    const writes = [...puts, ...list, ...deleted, ...this.overrides.writesOf(overrides)];
    try {
      const { succeeded, revision } = await store.transact({ compare, writes });
      answered('write');
      if (this.stopped) return 'stopped';
      if (!succeeded) return await this.refused();
      this.graves = graves;
      const isBehind = revision <= this.knownAt;
      this.wrote(pages, revision, overrides);
      if (isBehind) this.lose();
      return 'committed';
    } catch (error) {
      failed(error);
      if (codeOf(error) !== 'STORE_OUTCOME_UNKNOWN') return 'away';
      return await this.settle(pages, buries, overrides);
    }
  }

  private async refused(): Promise<CommitResult> {
    const stillLeads = await this.readAgain();
    if (stillLeads === undefined) return 'stopped';
    return stillLeads ? 'refused' : 'fenced';
  }

  /**
   * K2: the transaction may have happened, or may still happen. Read again; where it has not, write the same pages as they stand:
   * after that its compare cannot hold any more, so it never will.
   */
  private async settle(
    intended: ReadonlyMap<number, readonly ShardRow[]>,
    buries: readonly PeerId[],
    overrides: readonly OverrideChange[],
  ): Promise<CommitResult> {
    for (;;) {
      const stillLeads = await this.readAgain();
      if (stillLeads === undefined) return 'stopped';
      if (!stillLeads) return 'fenced';
      const areThere = [...intended].every(([page, rows]) => formatPage(rows) === formatPage(this.pages[page]!.rows));
      const isAllThere = areThere && this.overrides.has(overrides);
      if (isAllThere && buries.every((peer) => this.graves.includes(peer))) return 'committed';
      if (await this.overwrite([...intended.keys()])) return 'refused';
      await this.pause();
    }
  }

  private async overwrite(pages: readonly number[]): Promise<boolean> {
    const { store, keys, fence, answered, failed } = this.setup;
    const same = new Map(pages.map((page) => [page, this.pages[page]!.rows]));
    const compare = [{ key: keys.epoch, modRevision: fence }, ...this.comparesOf(pages)];
    const writes = [...same].map(
      ([page, rows]) => ({ type: 'put', key: keys.page(page), value: formatPage(rows) }) as const,
    );
    try {
      const { succeeded, revision } = await store.transact({ compare, writes });
      answered('write');
      if (succeeded) this.wrote(same, revision);
      return succeeded;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  /** Until the store answers. Whether this leader's epoch still stands; undefined: stopped. */
  private async readAgain(): Promise<boolean | undefined> {
    const { store, keys, fence, answered, failed } = this.setup;
    while (!this.stopped) {
      try {
        const result = await store.range(keys.root);
        answered();
        if (this.stopped) return undefined;
        const epoch = result.entries.find(({ key }) => key === keys.epoch);
        if (epoch?.modRevision !== fence) return false;
        if (this.isBehind(result)) return this.lose();
        this.read(result);
        return true;
      } catch (error) {
        failed(error);
      }
      await this.pause();
    }
    return undefined;
  }

  /** A page is never deleted, and only this leader writes any: an older one is that of another time. */
  private isBehind({ entries, revision }: RangeResult): boolean {
    const { keys } = this.setup;
    const found = new Map(entries.map(({ key, modRevision }) => [key, modRevision]));
    return (
      revision < this.knownAt || this.pages.some(({ modRevision }, n) => (found.get(keys.page(n)) ?? 0) < modRevision)
    );
  }

  private lose(): false {
    if (!this.isLost) this.setup.wentBack();
    this.isLost = true;
    return false;
  }

  private read({ entries, revision }: RangeResult): void {
    const { keys, changed, overridden } = this.setup;
    const moved = this.overrides.read(entries);
    const found = new Map(entries.map((entry) => [entry.key, entry]));
    const graves = found.get(keys.buried);
    this.graves = graves ? parseBuried(graves.value) : [];
    const before = this.pages;
    this.pages = pageNumbers(this.layout).map((page) => {
      const entry = found.get(keys.page(page));
      if (entry?.modRevision === before[page]!.modRevision) return before[page]!;
      return entry
        ? { modRevision: entry.modRevision, rows: parsePage(page, entry.value) }
        : { modRevision: 0, rows: emptyPage(page) };
    });
    this.knownAt = Math.max(this.knownAt, revision);
    this.knownSince = this.setup.clock.monotonic();
    const different = this.pages.flatMap(({ rows }, page) =>
      rows.filter((row, i) => differs(row, before[page]!.rows[i]!)),
    );
    for (const { shard } of different) this.changes.set(shard, this.pages[pageOf(shard)]!.modRevision);
    if (moved.length > 0) overridden?.(moved);
    if (different.length > 0) changed(different);
  }

  private wrote(
    written: ReadonlyMap<number, readonly ShardRow[]>,
    revision: number,
    overrides: readonly OverrideChange[] = [],
  ): void {
    const before = this.pages;
    this.pages = before.map((page, number) => {
      const rows = written.get(number);
      return rows ? { modRevision: revision, rows } : page;
    });
    this.knownAt = revision;
    this.knownSince = this.setup.clock.monotonic();
    const different = [...written].flatMap(([page, rows]) =>
      rows.filter((row, i) => differs(row, before[page]!.rows[i]!)),
    );
    for (const { shard } of different) this.changes.set(shard, revision);
    const moved = this.overrides.wrote(overrides, revision);
    if (moved.length > 0) this.setup.overridden?.(moved);
    if (different.length > 0) this.setup.changed(different);
  }

  private withChanges(changes: readonly ShardRow[]): Map<number, readonly ShardRow[]> {
    const pages = new Map<number, ShardRow[]>();
    for (const row of changes) {
      const page = pageOf(row.shard);
      const rows = pages.get(page) ?? [...this.pages[page]!.rows];
      rows[row.shard % SHARDS_PER_PAGE] = row;
      pages.set(page, rows);
    }
    return pages;
  }

  private comparesOf(pages: Iterable<number>): Compare[] {
    return [...pages].map((page) => ({ key: this.setup.keys.page(page), modRevision: this.pages[page]!.modRevision }));
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.setup.clock.after(this.setup.retryMs, resolve));
  }
}

function differs(a: ShardRow, b: ShardRow): boolean {
  return (
    a.term !== b.term ||
    a.owner !== b.owner ||
    a.origin !== b.origin ||
    a.backup !== b.backup ||
    a.learner !== b.learner ||
    a.state !== b.state ||
    a.move !== b.move ||
    a.sure !== b.sure ||
    a.atLarge !== b.atLarge ||
    a.since !== b.since
  );
}
