// The memory form is only worth what its likeness to etcd is worth: the same steps on both, every answer compared.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type ClusterStore,
  codeOf,
  SeededRandom,
  type StoreLease,
  SystemClock,
  type Transaction,
  type WatchEvent,
} from '@muster/ports';
import { EtcdStore } from '../etcd-store/store.js';
import { findProgram, LocalEtcd } from '../etcd-store/system-local-etcd.js';
import { MemoryStore } from '../memory-store/store.js';

const STEPS = 500;
const KEYS = ['a', 'a/1', 'a/2', 'b', 'ä', '\u{1F600}'];
const clock = new SystemClock();

interface Twin {
  readonly store: ClusterStore;
  readonly leases: StoreLease[];
  readonly told: WatchEvent[];
}

/** A transaction as both twins understand it: leases by their number. */
interface Plan {
  readonly compare: Transaction['compare'];
  readonly writes: readonly { readonly key: string; readonly value?: string; readonly lease?: number }[];
}

let folder = '';
let etcd: LocalEtcd | undefined;
let stores: readonly ClusterStore[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-etcd-'));
  etcd = await LocalEtcd.start({ program: findProgram('etcd', process.env), folder });
}, 30_000);

afterAll(async () => {
  for (const store of stores) await store.close();
  await etcd?.kill();
  rmSync(folder, { recursive: true, force: true });
});

test('over hundreds of random steps memory and etcd give the same answers, revisions, contents and events', async () => {
  const random = new SeededRandom(20);
  stores = [new MemoryStore({ clock }), new EtcdStore({ hosts: [etcd!.url], clock, random: new SeededRandom(1) })];
  const twins = stores.map((store): Twin => {
    const told: WatchEvent[] = [];
    store.watch('a', 1, { events: (events) => told.push(...events), gap: () => undefined });
    return { store, leases: [], told };
  });
  let seen = [1];
  let refused = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const [memory, real] = await Promise.all(same(twins, random, seen));
    expect({ step, ...memory }).toEqual({ step, ...real });
    if ('code' in real!) refused += 1;
    const [mine, theirs] = await Promise.all(twins.map(({ store }) => store.range(step % 2 === 0 ? '' : 'a')));
    expect(mine).toEqual(theirs);
    seen = [0, 1, mine!.revision, ...mine!.entries.map(({ modRevision }) => modRevision)];
  }
  const [memory, real] = twins;
  for (let i = 0; i < 100 && real!.told.length < memory!.told.length; i += 1) await twins[1]!.store.range('');
  expect(memory!.told.length).toBeGreaterThan(STEPS / 10);
  expect(memory!.told).toEqual(real!.told);
  expect(refused).toBeGreaterThan(0);
}, 60_000);

/** One step, the same for both: mostly a transaction, sometimes the beginning or the end of a lease. */
function same(twins: readonly Twin[], random: SeededRandom, seen: readonly number[]): Promise<object>[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const chance = random.next();
  const leases = twins[0]!.leases.length;
  if (chance < 0.04) {
    return twins.map(async ({ store, leases }) => {
      leases.push(await store.lease(600_000));
      return { leases: leases.length };
    });
  }
  if (chance < 0.06 && leases > 0) {
    const which = Math.floor(random.next() * leases);
    return twins.map(async ({ leases }) => ({ revoked: await leases[which]!.revoke() }));
  }
  const keys = [...new Set(Array.from({ length: Math.floor(random.next() * 4) }, () => pick(KEYS)))];
  const plan: Plan = {
    compare: random.next() < 0.5 ? [] : [{ key: pick(KEYS), modRevision: pick(seen) }],
    writes: keys.map((key) => {
      if (random.next() < 0.3) return { key };
      const value = String(Math.floor(random.next() * 1_000));
      return random.next() < 0.3 && leases > 0
        ? { key, value, lease: Math.floor(random.next() * leases) }
        : { key, value };
    }),
  };
  return twins.map((twin) => run(twin, plan));
}

async function run({ store, leases }: Twin, { compare, writes }: Plan): Promise<object> {
  const transaction: Transaction = {
    compare,
    writes: writes.map(({ key, value, lease }) => {
      if (value === undefined) return { type: 'delete', key };
      return { type: 'put', key, value, ...(lease === undefined ? {} : { lease: leases[lease]! }) };
    }),
  };
  return store.transact(transaction).catch((error) => ({ code: codeOf(error) }));
}
