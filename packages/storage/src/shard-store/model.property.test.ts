// Random owners of random terms against a model that keeps every record it should have and trims nothing. Whatever is saved, repeated,
// late or refused on the way: what is loaded must be each actor's whole present life.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SHARD_COUNT, type ShardPage, type ShardStore, type StoredRecord, shardId, term } from '@muster/ports';
import fc from 'fast-check';
import { postgresBinaries } from '../database/system-postgres-server.js';
import { type Form, memoryForm, pgliteForm, postgresForm } from './forms-under-test.js';

const SHARDS = 2;
const NAMES = ['a/1', 'b/1', 'c/1'];

/** What one record adds, and its place in its actor's life. */
interface Written extends StoredRecord {
  readonly position: number;
}

class ModelShard {
  term = 0;
  claims: { term: number; position: number; standing: string }[] = [];
  standing = '';
  log: Written[] = [];
  forgotten = new Map<string, number>();

  get position(): number {
    return this.log.length;
  }

  /** The present life of an actor as of a position: its records' texts, the last one's number. */
  life(entity: string, position = Infinity): { readonly texts: string[]; readonly seq: number } {
    let texts: string[] = [];
    let seq = 0;
    for (const record of this.log) {
      if (record.entity !== entity || record.position > position) continue;
      if (record.seq <= 1) texts = [];
      seq = record.seq;
      if (record.text !== '') texts.push(record.text);
      if (record.position <= (this.forgotten.get(entity) ?? 0)) texts = [];
    }
    return { texts, seq };
  }
}

/** Mostly the present term, sometimes one that is over. */
const behind = fc.constantFrom(0, 0, 0, 1);
const maybeStanding = fc.constantFrom(
  undefined,
  undefined,
  undefined,
  'gated' as const,
  'behind' as const,
  'parked' as const,
);
const record = fc.record({
  entity: fc.constantFrom(...NAMES),
  what: fc.constantFrom('next', 'next', 'next', 'born', 'gone'),
});
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('claim' as const),
      shard: fc.nat(SHARDS - 1),
      ahead: fc.integer({ min: -1, max: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      parts: fc.uniqueArray(
        fc.record({
          shard: fc.nat(SHARDS - 1),
          behind,
          back: fc.nat(3),
          skip: fc.constantFrom(0, 0, 0, 1),
          records: fc.array(record, { maxLength: 5 }),
          standing: maybeStanding,
        }),
        { selector: ({ shard }) => shard, maxLength: SHARDS },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('save' as const),
      shard: fc.nat(SHARDS - 1),
      behind,
      entities: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }),
      back: fc.integer({ min: -1, max: 4 }),
      standing: maybeStanding,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('mark' as const),
      shard: fc.nat(SHARDS - 1),
      behind,
      standing: fc.constantFrom('gated' as const, 'behind' as const, 'parked' as const),
      ahead: fc.constantFrom(0, 0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('forget' as const),
      shard: fc.nat(SHARDS - 1),
      behind,
      entity: fc.constantFrom(...NAMES),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Checked {
  readonly shards = Array.from({ length: SHARDS }, () => new ModelShard());
  private readonly store: ShardStore;
  private readonly firstShard: number;

  constructor(store: ShardStore, firstShard: number) {
    this.store = store;
    this.firstShard = firstShard;
  }

  async run(step: Step): Promise<void> {
    switch (step.type) {
      case 'claim':
        return this.claim(step.shard, Math.max(1, this.shards[step.shard]!.term + step.ahead));
      case 'append':
        return this.append(step.parts);
      case 'save':
        return this.save(step);
      case 'mark':
        return this.mark(step);
      case 'forget':
        return this.forget(step);
    }
  }

  async check(): Promise<void> {
    for (const [n, shard] of this.shards.entries()) {
      if (shard.term === 0) continue;
      const found = new Map<string, { content: string; seq: number }>();
      let after: string | undefined;
      do {
        const page: ShardPage = await this.store.load(this.id(n), term(shard.term), after);
        for (const entity of page.entities) {
          if ('error' in entity) throw entity.error;
          const content = [entity.text.slice(1, -1), entity.tail].filter((part) => part !== '').join(',');
          found.set(entity.entity, { content, seq: entity.seq });
        }
        after = page.next;
      } while (after !== undefined);
      const expected = new Map<string, { content: string; seq: number }>();
      for (const name of NAMES) {
        const { texts, seq } = shard.life(name);
        if (texts.length > 0) expected.set(name, { content: texts.join(','), seq });
      }
      expect(found).toEqual(expected);
    }
  }

  private id(n: number) {
    return shardId(this.firstShard + n);
  }

  private refusal(n: number, asTerm: number, needs: number): string | undefined {
    const shard = this.shards[n]!;
    if (shard.term === 0 || asTerm > shard.term) return 'NOT_CLAIMED';
    if (asTerm < shard.term) return 'STALE_TERM';
    return needs > shard.position ? 'GAP' : undefined;
  }

  private async claim(n: number, asTerm: number): Promise<void> {
    const shard = this.shards[n]!;
    const [answer] = await this.store.claim([{ shard: this.id(n), term: term(asTerm), standing: 'gated' }]);
    if (asTerm > shard.term) {
      if (shard.term > 0) shard.claims.push({ term: shard.term, position: shard.position, standing: shard.standing });
      shard.term = asTerm;
      shard.standing = 'gated';
    }
    const refused = asTerm < shard.term ? 'STALE_TERM' : undefined;
    const before = shard.claims.at(-1);
    expect(answer).toEqual({ shard: this.id(n), refused, term: shard.term, position: shard.position, before });
  }

  private async append(parts: (Step & { type: 'append' })['parts']): Promise<void> {
    const planned = parts.map(({ shard: n, behind, back, skip, records, standing }) => {
      const shard = this.shards[n]!;
      const asTerm = Math.max(1, shard.term - behind);
      // A repetition sends again what was sent before, then what is new.
      const kept = Math.max(0, shard.position - back);
      const again = shard.log.slice(kept);
      const fresh = this.numbered(shard, records);
      const first = kept + 1 + (skip && shard.position + skip);
      return {
        n,
        shard,
        asTerm,
        first,
        fresh,
        standing,
        batch: [...again, ...fresh].map(({ entity, seq, text }) => ({ entity, seq, text })),
      };
    });
    const answers = await this.store.append(
      planned.map(({ n, asTerm, first, batch, standing }) => ({
        shard: this.id(n),
        term: term(asTerm),
        first,
        records: batch,
        standing,
      })),
    );
    for (const [i, { n, shard, asTerm, first, fresh, standing }] of planned.entries()) {
      const refused = this.refusal(n, asTerm, first - 1);
      if (!refused) {
        shard.log.push(...fresh);
        if (fresh.length > 0 && shard.standing === 'parked') shard.standing = 'behind';
        shard.standing = standing ?? shard.standing;
      }
      expect(answers[i]).toEqual({ shard: this.id(n), refused, term: shard.term, position: shard.position });
    }
  }

  private numbered(shard: ModelShard, records: readonly { entity: string; what: string }[]): Written[] {
    const seqs = new Map(
      NAMES.map((name) => [name, shard.life(name)] as const).map(([name, { texts, seq }]) => [
        name,
        texts.length > 0 ? seq : 0,
      ]),
    );
    return records.map(({ entity, what }, i) => {
      const position = shard.position + i + 1;
      const seq = what === 'gone' ? 0 : what === 'born' ? 1 : seqs.get(entity)! + 1;
      seqs.set(entity, seq);
      return { entity, seq, text: what === 'gone' ? '' : `[${shard.term},${position}]`, position };
    });
  }

  private async save({ shard: n, behind, entities, back, standing }: Step & { type: 'save' }): Promise<void> {
    const shard = this.shards[n]!;
    const asTerm = Math.max(1, shard.term - behind);
    const position = Math.max(0, shard.position - back);
    const given = entities.flatMap((entity) => {
      const { texts, seq } = shard.life(entity, position);
      // An actor that was forgotten at a later position is not saved as of an earlier one: its owner would not.
      if (texts.length === 0 || position < (shard.forgotten.get(entity) ?? 0)) return [];
      return [{ entity, position, seq, version: 1, text: `[${texts.join(',')}]` }];
    });
    const [answer] = await this.store.save([{ shard: this.id(n), term: term(asTerm), entities: given, standing }]);
    const refused = this.refusal(n, asTerm, given.length > 0 ? position : 0);
    if (!refused) shard.standing = standing ?? shard.standing;
    expect(answer).toEqual({ shard: this.id(n), refused, term: shard.term, position: shard.position });
  }

  private async mark({ shard: n, behind, standing, ahead }: Step & { type: 'mark' }): Promise<void> {
    const shard = this.shards[n]!;
    const asTerm = Math.max(1, shard.term - behind);
    const through = shard.position + ahead;
    const [answer] = await this.store.mark([{ shard: this.id(n), term: term(asTerm), standing, through }]);
    const refused = this.refusal(n, asTerm, through);
    if (!refused) shard.standing = standing;
    expect(answer).toEqual({ shard: this.id(n), refused, term: shard.term, position: shard.position });
  }

  private async forget({ shard: n, behind, entity }: Step & { type: 'forget' }): Promise<void> {
    const shard = this.shards[n]!;
    const asTerm = Math.max(1, shard.term - behind);
    const { position } = shard;
    const [answer] = await this.store.forget([
      { shard: this.id(n), term: term(asTerm), entities: [{ entity, position }] },
    ]);
    const refused = this.refusal(n, asTerm, 0);
    if (!refused) shard.forgotten.set(entity, position);
    expect(answer).toEqual({ shard: this.id(n), refused, term: shard.term, position: shard.position });
  }
}

const limits = { pageRowsMax: 3, pageBytesMax: 60 };
const binaries = postgresBinaries();
/** Form, runs, and after how many steps everything is loaded. */
const forms: [string, (() => Promise<Form>) | undefined, number, number][] = [
  ['in memory', () => memoryForm(limits), 200, 1],
  ['on PGlite', () => pgliteForm(limits), 20, 4],
  ['on a real Postgres', 'folder' in binaries ? () => postgresForm(binaries.folder, limits) : undefined, 20, 4],
];

for (const [where, start, numRuns, every] of forms) {
  const run = start ? test : test.skip;
  let form: Form;
  let used = 0;
  beforeAll(async () => {
    if (start) form = await start();
  });
  afterAll(() => form?.end());

  run(`K5: ${where}, whatever owners of different terms do, each actor's whole present life is loaded`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        // Shards of this run's own, as many as there are: no failure is shrunk for longer than that.
        const own = used % SHARD_COUNT;
        used += SHARDS;
        const checked = new Checked(form.connect(), own);
        for (let shard = 0; shard < SHARDS; shard += 1) await checked.run({ type: 'claim', shard, ahead: 1 });
        for (const [n, each] of steps.entries()) {
          await checked.run(each);
          if (n % every === 0) await checked.check();
        }
        await checked.check();
      }),
      { numRuns },
    );
  });
}
