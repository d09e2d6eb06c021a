import { expect, test } from '@jest/globals';
import { LayeredLog, type PersistenceOptions, StorageWriter } from '@muster/cluster';
import {
  MemoryCommitLog,
  MemoryMetrics,
  type Position,
  SeededRandom,
  shardId,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';

const SHARD = shardId(7);

/** Copies that acknowledge when they are told to. */
class SlowCopies extends MemoryCommitLog {
  private waiting: { readonly position: Position; readonly run: () => void }[] = [];

  override onDurable(position: Position, run: () => void): void {
    this.waiting.push({ position, run });
  }

  acknowledge(through: Position): void {
    const held = this.waiting.filter(({ position }) => position <= through);
    this.waiting = this.waiting.filter(({ position }) => position > through);
    for (const { run } of held) run();
  }
}

/** A shard with a backup; what storage has of it is told by its records' numbers, and by those up to which an actor is stored whole. */
function world(options: Partial<PersistenceOptions> = {}) {
  const clock = new VirtualClock();
  const server = new MemoryShardServer({ clock });
  const store = new MemoryShardStore({ clock, server });
  const parts = { store, clock, random: new SeededRandom(1), metrics: new MemoryMetrics(), log: silentLog };
  let seq = 0;
  const saved = () => ({ text: '{}', seq, version: 1 });
  const given = { shard: SHARD, term: term(1), standing: 'behind', start: 0, isSure: true, saved } as const;
  const stored = new StorageWriter({ ...parts, options }).begin(given);
  const copies = new SlowCopies();
  const log = new LayeredLog(copies, stored, () => undefined);
  const turn = (): void => {
    seq += 1;
    log.append({ entity: 'a/1', seq, entries: [{ word: 'turn' }] });
  };
  const there = () =>
    server.rowsIn(SHARD).map(({ seq: of, version }) => (version === null ? `record ${of}` : `whole ${of}`));
  return { clock, turn, copies, stored, there };
}

test('K9: a record is not stored before the copies have it: a backup that is promoted would go on without it', async () => {
  const { clock, turn, copies, stored, there } = world();
  await clock.advance(100);
  turn();
  turn();
  await clock.advance(5_000);
  expect([there(), stored.isSettled]).toEqual([[], false]);
  copies.acknowledge(1);
  await clock.advance(1_000);
  expect([there(), stored.isSettled]).toEqual([['record 1'], false]);
  copies.acknowledge(2);
  await clock.advance(1_000);
  expect([there(), stored.isSettled]).toEqual([['record 1', 'record 2'], true]);
});

test('K9: an actor is not stored whole while the copies do not have its last turn; what they have of it is stored as records meanwhile', async () => {
  const { clock, turn, copies, stored, there } = world({ tailCharsMin: 1 });
  await clock.advance(100);
  turn();
  turn();
  copies.acknowledge(1);
  await clock.advance(5_000);
  expect([there(), stored.isSettled]).toEqual([['record 1'], false]);
  copies.acknowledge(2);
  await clock.advance(1_000);
  expect([there(), stored.isSettled]).toEqual([['whole 2'], true]);
});
