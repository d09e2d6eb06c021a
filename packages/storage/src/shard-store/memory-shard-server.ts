import { type Clock, MusterError, type ShardId } from '@muster/ports';
import { type MemoryStoreOptions, memoryStoreDefaults } from '../memory-store/options.js';
import { MemoryStorePath } from '../memory-store/path.js';
import type { Head, refusalOf } from './admission.js';
import { MemoryShards } from './memory-shards.js';
import type { StoredRow } from './rows.js';

/** Most rows: the memory form is for tests and the simulator, a leak there shall be seen. */
const ROWS_MAX = 2_000_000;
/** As a database's. */
const CALL_DEADLINE_MS = 3_000;

/** The storage of shards that the processes of one simulation share, and what can befall it; faults of one process's way are on its path. */
export class MemoryShardServer {
  private readonly clock: Clock;
  private readonly paths = new Set<MemoryStorePath>();
  private readonly options: MemoryStoreOptions = { ...memoryStoreDefaults, requestTimeoutMs: CALL_DEADLINE_MS };
  private shards: MemoryShards;
  private readonly empty: MemoryShards;
  private full = false;
  private stalled = false;
  private stopped = false;

  /** `refusalOf`: K5, taken at composition; only the simulator gives another, to see that its checks find what is then broken. */
  constructor(given: { readonly clock: Clock; readonly refusalOf?: typeof refusalOf }) {
    this.clock = given.clock;
    this.shards = new MemoryShards(ROWS_MAX, given.refusalOf);
    this.empty = this.shards.copy();
  }

  // --- faults

  /** The disk is full: nothing is written until {@link MemoryShardServer.free}; reads go on. */
  fill(): void {
    this.full = true;
  }

  free(): void {
    this.full = false;
  }

  /** It hangs: calls run into their deadlines. */
  stall(): void {
    if (this.stalled) return;
    this.stalled = true;
    for (const path of this.paths) path.stall();
  }

  /** What waited is done now, also for callers who gave up; or is lost. */
  resume(late: 'arrives' | 'is-lost' = 'arrives'): void {
    if (!this.stalled) return;
    this.stalled = false;
    for (const path of this.paths) path.resume(late);
  }

  /** It dies: connections break, new ones are refused. What was written is kept. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    for (const path of this.paths) path.cut();
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    for (const path of this.paths) path.mend();
  }

  /** Its volume is lost: an empty one takes its place. */
  wipe(): void {
    this.shards = this.empty.copy();
  }

  /** A backup as of now; what is returned puts it back. */
  backup(): () => void {
    const copy = this.shards.copy();
    return () => {
      this.shards = copy.copy();
    };
  }

  /** Rewrites rows of one entity as a broken disk might; undefined removes one. */
  tamper(shard: ShardId, entity: string, change: (row: StoredRow) => StoredRow | undefined): void {
    this.shards.tamper(shard, entity, change);
  }

  // --- for invariant checkers and tests, past every fault

  head(shard: ShardId): Head | undefined {
    return this.shards.head(shard);
  }

  rowsIn(shard: ShardId): readonly StoredRow[] {
    return this.shards.rowsIn(shard);
  }

  // --- what its clients ask

  /** @internal */
  openPath(clientClock: Clock): MemoryStorePath {
    const path = new MemoryStorePath({ serverClock: this.clock, clientClock, options: this.options });
    if (this.stopped) path.cut();
    if (this.stalled) path.stall();
    this.paths.add(path);
    return path;
  }

  /** @internal */
  closePath(path: MemoryStorePath): void {
    this.paths.delete(path);
  }

  /** @internal How long a call waits for its answer. */
  get callDeadlineMs(): number {
    return this.options.requestTimeoutMs;
  }

  /** @internal Of at most `rows` new rows; all of it happens, or nothing. @throws MusterError STORAGE_UNAVAILABLE */
  write<Answer>(rows: number, act: (shards: MemoryShards) => Answer): Answer {
    if (this.full) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'the disk is full' });
    this.shards.requireRoom(rows);
    return act(this.shards);
  }

  /** @internal */
  read<Answer>(act: (shards: MemoryShards) => Answer): Answer {
    return act(this.shards);
  }
}
