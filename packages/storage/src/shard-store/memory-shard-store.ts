import {
  type ClaimAnswer,
  type Clock,
  type Metrics,
  MusterError,
  type ShardAnswer,
  type ShardClaim,
  type ShardId,
  type ShardMark,
  type ShardPage,
  type ShardSaves,
  type ShardStore,
  type ShardStoreLimits,
  type Term,
  type Whereabout,
} from '@muster/ports';
import type { MemoryStorePath } from '../memory-store/path.js';
import { Admission, NOTHING_UNSTORABLE, type Unstorable, unstorableAnswer } from './admission.js';
import { ShardCounters } from './counters.js';
import { MemoryShardServer } from './memory-shard-server.js';
import { compareNames, type MemoryShards } from './memory-shards.js';
import { limitsOf, type ShardStoreOptions, shardStoreOptions } from './options.js';
import { readPage } from './pages.js';

/** {@link ShardStore} of one simulated process: a client of a {@link MemoryShardServer}, of its own where none is given. Answers always come after the current turn. */
export class MemoryShardStore implements ShardStore {
  /** This client's connection, for those who break it. */
  readonly path: MemoryStorePath;
  readonly server: MemoryShardServer;
  private readonly options: ShardStoreOptions;
  readonly limits: ShardStoreLimits;
  private readonly admission: Admission;
  private readonly counters: ShardCounters;
  private closed = false;

  constructor(given: {
    readonly clock: Clock;
    readonly server?: MemoryShardServer;
    readonly options?: Partial<ShardStoreOptions>;
    readonly metrics?: Metrics;
  }) {
    this.server = given.server ?? new MemoryShardServer({ clock: given.clock });
    this.path = this.server.openPath(given.clock);
    this.options = shardStoreOptions(given.options);
    this.limits = limitsOf(this.options);
    this.admission = new Admission(this.options);
    this.counters = new ShardCounters(given.metrics);
  }

  async claim(claims: readonly ShardClaim[]): Promise<readonly ClaimAnswer[]> {
    this.admission.shards(claims);
    const answers = await this.write(0, (shards) => claims.map((claim) => shards.claim(claim)));
    return this.counters.answered('claim', answers);
  }

  async append(batches: Parameters<ShardStore['append']>[0]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.batches(batches);
    for (const { records } of batches) this.counters.sent('record', records.length);
    const rows = batches.reduce((sum, { records }) => sum + records.length, 0);
    return this.each('append', { parts: batches, unstorable, rows }, (shards, batch) => shards.append(batch));
  }

  async save(saves: readonly ShardSaves[]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.saves(saves);
    for (const { entities } of saves) this.counters.sent('snapshot', entities.length);
    const rows = saves.reduce((sum, { entities }) => sum + entities.length, 0);
    return this.each('save', { parts: saves, unstorable, rows }, (shards, part) => shards.save(part));
  }

  async load(shard: ShardId, term: Term, after = ''): Promise<ShardPage> {
    const asked = { shard, term };
    this.admission.shards([asked]);
    const { pageRowsMax, pageBytesMax, entityRowsMax, entityBytesMax } = this.options;
    const page = await this.read((shards) =>
      shards.page(asked, (name) => compareNames(name, after) > 0, { rows: pageRowsMax, bytes: pageBytesMax }),
    );
    const only = (entity: string) =>
      this.read((shards) =>
        shards.page(asked, (name) => name === entity, { rows: entityRowsMax, bytes: entityBytesMax }),
      );
    return readPage(shard, page, only, this.counters);
  }

  async mark(marks: readonly ShardMark[]): Promise<readonly ShardAnswer[]> {
    this.admission.shards(marks);
    return this.each('mark', { parts: marks, unstorable: NOTHING_UNSTORABLE, rows: 0 }, (shards, mark) =>
      shards.mark(mark),
    );
  }

  async forget(losses: Parameters<ShardStore['forget']>[0]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.losses(losses);
    return this.each('forget', { parts: losses, unstorable, rows: 0 }, (shards, { shard, term, entities }) =>
      shards.forget(shard, term, entities),
    );
  }

  whereabouts(first: ShardId, entities: readonly string[] = []): Promise<readonly Whereabout[]> {
    return this.read((shards) => shards.whereabouts(first, entities));
  }

  terms(): Promise<ReadonlyMap<ShardId, Term>> {
    return this.read((shards) => shards.terms());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.path.cut();
    this.server.closePath(this.path);
  }

  private async each<Part extends { readonly shard: ShardId }>(
    call: string,
    asked: { readonly parts: readonly Part[]; readonly unstorable: Unstorable; readonly rows: number },
    act: (shards: MemoryShards, part: Part) => ShardAnswer,
  ): Promise<readonly ShardAnswer[]> {
    const { parts, unstorable, rows } = asked;
    const answers = await this.write(rows, (shards) =>
      parts.map((part) => {
        const entities = unstorable.get(part.shard);
        return entities ? unstorableAnswer(part.shard, entities) : act(shards, part);
      }),
    );
    return this.counters.answered(call, answers);
  }

  private write<Answer>(rows: number, act: (shards: MemoryShards) => Answer): Promise<Answer> {
    return this.call(() => this.server.write(rows, act), true);
  }

  private read<Answer>(act: (shards: MemoryShards) => Answer): Promise<Answer> {
    return this.call(() => this.server.read(act), false);
  }

  private call<Answer>(run: () => Answer, isTransaction: boolean): Promise<Answer> {
    return new Promise((done, refused) => {
      const timeoutMs = this.server.callDeadlineMs;
      const failed = (failure: string) =>
        refused(new MusterError('STORAGE_UNAVAILABLE', { cause: this.closed ? 'it is closed' : failure }));
      this.path.call({ timeoutMs, isTransaction, run, done, refused, failed });
    });
  }
}
