import { expect, test } from '@jest/globals';
import { type ShardId, type TurnRecord, term } from '@muster/ports';
import type { SavedActor } from './envelope.js';
import { account, type Bank, type BankParts, openBank, ref, SHARD, SOLO, TERM } from './test-bank.js';

const A = ref('a');

/** A bank whose solo shard is open, with an account that owes and is owed something. */
async function carvable(parts: BankParts = {}): Promise<Bank> {
  const bank = openBank(parts);
  bank.runtime.open(SOLO, term(TERM + 1));
  await bank.ask('deposit', { amount: 9 }, { request: 1 });
  return bank;
}

/** As the cluster does once the override is committed. */
function settle(bank: Bank, winner = SOLO, loser = SHARD): void {
  bank.runtime.drop(loser, A);
  bank.runtime.unhold(winner, A);
}

async function listen(bank: Bank, shard: ShardId, after: number, snapshot = false): Promise<void> {
  const listening = bank.runtime.subscribe(shard, { subscriber: 'g#1', entity: A, topic: 'balance', after, snapshot });
  await bank.clock.advance(1);
  await listening;
}

/** What a copy has of the actor after these records. */
function copied(records: readonly TurnRecord[]): SavedActor | undefined {
  let copy: SavedActor | undefined;
  for (const { entity, seq, entries } of records) {
    if (entity !== 'account/a') continue;
    // As replication/copy.ts takes them: a life begins with 1, and goes on without a gap.
    if (entries.length === 0) copy = undefined;
    else {
      expect(seq).toBe((copy?.seq ?? 0) + 1);
      copy = { text: '', tail: [...(copy ? [copy.tail] : []), JSON.stringify(entries)].join(','), seq };
    }
  }
  return copy;
}

test('a carved actor goes on in its new shard: state, retry window, timers, sends and deferred replies (K1)', async () => {
  const bank = await carvable();
  await bank.ask('transfer', { to: 'b', amount: 2 }, { request: 2 });
  await bank.ask('remind', { name: 'x', at: bank.clock.now() + 500 }, { request: 3 });
  bank.post('wait', null, { request: 4 });
  await bank.clock.advance(5);
  expect(bank.runtime.carve(A, SHARD, SOLO)).toBe(true);
  settle(bank);
  await bank.clock.advance(5);
  const shard = SOLO;
  expect(bank.sends.at(-1)).toMatchObject({ fromShard: SOLO, number: bank.sends[0]!.number });
  expect(await bank.ask('deposit', { amount: 9 }, { request: 1, shard })).toBe(9);
  expect(await bank.ask('balance', null, { request: 5, shard })).toBe(7);
  await bank.clock.advance(600);
  expect(bank.runtime.inspect(SOLO, A)).toMatchObject({ state: { notes: [expect.stringMatching(/^x at /)] } });
  bank.post('release', { word: 'go' }, { request: 6, shard });
  await bank.clock.advance(5);
  expect(bank.replies).toContainEqual(expect.objectContaining({ outcome: { ok: true, json: '"go"' } }));
  expect(bank.runtime.actorsIn(SHARD)).toBe(0);
});

test('from the carving to its end an actor takes no turn in either shard, and what comes for it waits', async () => {
  const bank = await carvable();
  await bank.ask('remind', { name: 'x', at: bank.clock.now() + 10 }, { request: 2 });
  bank.runtime.carve(A, SHARD, SOLO);
  expect(await bank.ask('deposit', { amount: 1 }, { request: 3 })).toBeUndefined();
  expect(await bank.ask('deposit', { amount: 1 }, { request: 3, shard: SOLO })).toBeUndefined();
  await bank.clock.advance(500);
  expect(bank.log.records).toHaveLength(2);
  expect(bank.soloLog.records.filter(({ entries }) => entries.length > 0)).toHaveLength(1);
  bank.runtime.drop(SHARD, A);
  expect(bank.replies.at(-1)!.outcome).toMatchObject({ ok: false, code: 'NOT_OWNER' });
  bank.runtime.unhold(SOLO, A);
  await bank.clock.advance(50);
  expect(bank.replies.at(-1)!.outcome).toEqual({ ok: true, json: '10' });
  expect(bank.runtime.inspect(SOLO, A)).toMatchObject({ state: { balance: 10, notes: [expect.any(String)] } });
});

test('an actor whose carving comes to nothing goes on where it was, with what waited, and its other shard forgets it', async () => {
  const bank = await carvable();
  bank.runtime.carve(A, SHARD, SOLO);
  bank.post('deposit', { amount: 1 }, { request: 2 });
  settle(bank, SHARD, SOLO);
  await bank.clock.advance(5);
  expect(bank.replies.at(-1)!.outcome).toEqual({ ok: true, json: '10' });
  expect(bank.runtime.actorsIn(SOLO)).toBe(0);
  expect(copied(bank.soloLog.records)).toBeUndefined();
});

test('who copies the shards has the actor in exactly one of them afterwards, as it is', async () => {
  const bank = await carvable();
  // Tried once in vain, then done, and then brought home.
  bank.runtime.carve(A, SHARD, SOLO);
  settle(bank, SHARD, SOLO);
  await bank.ask('deposit', { amount: 1 }, { request: 2 });
  bank.runtime.carve(A, SHARD, SOLO);
  settle(bank);
  await bank.ask('deposit', { amount: 1 }, { request: 3, shard: SOLO });
  const adoptedBy = async (actor: SavedActor): Promise<unknown> => {
    const actors = new Map([['account/a', actor]]);
    const next = openBank({ adoption: { actors, fencedMs: 0, how: 'promoted', mayLack: false } });
    return [await next.ask('deposit', { amount: 1 }, { request: 3 }), await next.ask('balance', null, { request: 4 })];
  };
  expect(copied(bank.log.records)).toBeUndefined();
  expect(await adoptedBy(copied(bank.soloLog.records)!)).toEqual([11, 11]);
  bank.runtime.carve(A, SOLO, SHARD);
  settle(bank, SHARD, SOLO);
  expect(await bank.ask('deposit', { amount: 1 }, { request: 4 })).toBe(12);
  expect(copied(bank.soloLog.records)).toBeUndefined();
  expect(await adoptedBy(copied(bank.log.records)!)).toEqual([11, 12]);
});

test('a listener misses nothing: numbers go on, and what it has not seen is kept, also for who adopts the actor', async () => {
  const bank = await carvable();
  await listen(bank, SHARD, 0, true);
  const seen = bank.published.at(-1)!.event.number;
  await bank.ask('deposit', { amount: 1 }, { request: 2 });
  bank.runtime.carve(A, SHARD, SOLO);
  settle(bank);
  await listen(bank, SOLO, seen);
  await bank.ask('deposit', { amount: 1 }, { request: 3, shard: SOLO });
  const events = bank.published.map(({ event: { name, json, shard } }) => [shard, name, json]).slice(-2);
  expect(events).toEqual([
    [SOLO, 'changed', '{"balance":10}'],
    [SOLO, 'changed', '{"balance":11}'],
  ]);
  const actors = new Map([['account/a', copied(bank.soloLog.records)!]]);
  const next = openBank({ adoption: { actors, fencedMs: 0, how: 'promoted', mayLack: false } });
  await listen(next, SHARD, seen);
  expect(next.published.map(({ event: { name, json } }) => [name, json])).toEqual([
    ['changed', '{"balance":10}'],
    ['changed', '{"balance":11}'],
  ]);
});

test('an actor of which there is nothing yet is held as well, and is born where it belongs then', async () => {
  const bank = openBank();
  bank.runtime.open(SOLO, term(TERM + 1));
  expect(bank.runtime.carve(A, SHARD, SOLO)).toBe(true);
  bank.post('deposit', { amount: 1 });
  await bank.clock.advance(5);
  expect(bank.log.records).toEqual([]);
  settle(bank);
  expect(bank.replies.at(-1)!.outcome).toMatchObject({ ok: false, code: 'NOT_OWNER' });
  expect(await bank.ask('deposit', { amount: 1 }, { request: 1, shard: SOLO })).toBe(1);
});

test('nothing is carved out of or into a shard that is not open, nor while the actor is only just coming to life', async () => {
  const bank = openBank({ kinds: [{ ...account, load: () => new Promise<number>(() => undefined) }] });
  expect(bank.runtime.carve(A, SHARD, SOLO)).toBe(false);
  bank.runtime.open(SOLO, term(TERM + 1));
  expect(bank.runtime.carve(A, SHARD, SOLO)).toBe(false);
  await bank.runtime.seal(SOLO);
  expect(bank.runtime.carve(A, SHARD, SOLO)).toBe(false);
  expect(bank.soloLog.records).toEqual([]);
});

test('that its new shard has it is said when the record is in a second place, and never where the shard was given up', async () => {
  const bank = await carvable();
  bank.soloLog.holding = true;
  bank.runtime.carve(A, SHARD, SOLO);
  let said = 0;
  bank.runtime.onceDurable(SOLO, () => {
    said += 1;
  });
  expect(said).toBe(0);
  bank.soloLog.letGo();
  expect(said).toBe(1);
  bank.runtime.close(SOLO);
  bank.runtime.onceDurable(SOLO, () => {
    said += 1;
  });
  expect(said).toBe(1);
});

test('what leaves the old shard late is not sent again and again from there: the actor sends it where it is now', async () => {
  const bank = await carvable();
  bank.log.holding = true;
  await bank.ask('transfer', { to: 'b', amount: 2 }, { request: 2 });
  bank.runtime.carve(A, SHARD, SOLO);
  bank.runtime.drop(SHARD, A);
  bank.log.letGo();
  bank.runtime.unhold(SOLO, A);
  await bank.clock.advance(60_000);
  expect(bank.replies.at(-1)).toMatchObject({ to: { request: 2 }, outcome: { ok: true } });
  expect(new Set(bank.sends.map(({ fromShard }) => fromShard))).toEqual(new Set([SOLO]));
});
