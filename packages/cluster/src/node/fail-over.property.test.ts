import { expect, test } from '@jest/globals';
import { type EntityRef, entity, shardOfKey, term } from '@muster/ports';
import fc from 'fast-check';
import { type Member, World } from '../world.test-kit.js';
import type { ComputeNode } from './compute-node.js';

/** Everything is tight: pieces of a snapshot and records wait for room on the link again and again. */
const tight = {
  link: { creditMessages: 4, creditBytes: 2_048, queueMessages: 6 },
  replication: { snapshotCharsMax: 20_000, envelopeCharsMax: 100, tailCharsMin: 300, lagCharsMax: 3_000 },
  runtime: { passivateAfterMs: 300 },
};
const SHARD = shardOfKey('book/0');
const BOOKS = matesOf(24);

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('write' as const), book: fc.nat(23), size: fc.nat(150) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('sleep' as const), ms: fc.constant(1_000) }) },
);

/** A copy without a link: what was written until it had one counted as waiting for it for ever, and no turns were taken. */
const unlinked = [
  [write(0, 0), { type: 'reset' }, write(0, 0)],
  [
    ...[0, 0].map((book) => write(book, 0)),
    write(3, 77),
    write(4, 76),
    write(12, 29),
    write(0, 101),
    write(0, 78),
    write(1, 37),
    write(2, 70),
  ],
] as const;

function write(book: number, size: number) {
  return { type: 'write', book, size } as const;
}

test('K8, K10: whatever is written while a learner catches up over a bad link, its copy is the owner to the letter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(step, { maxLength: 60 }), async (before, during) => {
      const world = new World();
      const n1 = await world.node('n1', tight);
      const n2 = await world.node('n2', tight);
      const g = await world.gateway('g', { link: tight.link });
      const written = new Map<string, string[]>();
      const answers: Promise<unknown>[] = [];
      const play = async (steps: typeof before): Promise<void> => {
        for (const each of steps) {
          if (each.type === 'wait' || each.type === 'sleep') await world.clock.advance(each.ms);
          else if (each.type === 'reset') n1.process.peers.reset(n2.peer, 'overrun');
          else {
            const of = BOOKS[each.book]!;
            const text = `${answers.length} ${'x'.repeat(each.size)}`;
            answers.push(world.ask(g, of, 'write', { text }));
            written.set(of.id, [...(written.get(of.id) ?? []), text]);
          }
        }
      };
      world.place([{ shard: SHARD, owner: n1.peer, term: term(1) }]);
      await play(before);
      world.place([{ shard: SHARD, owner: n1.peer, learner: n2.peer, term: term(1) }]);
      await play(during);
      const codes = await world.answers(answers);
      expect(codes.filter((code) => typeof code !== 'number')).toEqual([]);
      await world.clock.until(() => inSync(n1), 5_000);
      world.place([{ shard: SHARD, owner: n1.peer, backup: n2.peer, term: term(2) }]);
      await world.clock.advance(100);
      expect(n2.process.backups.stateOf(SHARD)?.phase).toBe('complete');
      // Nothing had to be mended on the way.
      expect(n1.metrics.value('muster_replication_refused_total')).toBe(0);
      const truth = BOOKS.map((of) => n1.process.runtime.snapshot(SHARD, of));
      n1.cable.kill();
      await world.clock.advance(20);
      world.place([{ shard: SHARD, owner: n2.peer, origin: 'promoted', term: term(3), sure: true }]);
      expect(BOOKS.map((of) => n2.process.runtime.snapshot(SHARD, of))).toEqual(truth);
      for (const of of BOOKS) expect(await world.answer(g, of, 'read')).toEqual(written.get(of.id) ?? []);
    }),
    { numRuns: 40, examples: [[[...unlinked[0]], [...unlinked[1]]]] },
  );
}, 60_000);

function inSync({ process }: Member<ComputeNode>): boolean {
  return process.replicator.reports().some(({ what }) => what === 'learner-in-sync');
}

function matesOf(count: number): EntityRef[] {
  const found: EntityRef[] = [];
  for (let i = 0; found.length < count; i += 1)
    if (shardOfKey(`book/${i}`) === SHARD) found.push(entity('book', String(i)));
  return found;
}
