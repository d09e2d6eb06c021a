import { expect, test } from '@jest/globals';
import { type ClusterStore, codeOf, VirtualClock, type WatchEvent, type WatchHandler } from '@muster/ports';
import { MemoryStoreServer } from './server.js';
import { MemoryStore } from './store.js';

/** What a promise came to, without an await of its own: the clock has to run meanwhile. */
function follow<T>(promise: Promise<T>): { value?: T; code?: string | undefined } {
  const outcome: { value?: T; code?: string | undefined } = {};
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.code = codeOf(error);
    },
  );
  return outcome;
}

function world() {
  const clock = new VirtualClock();
  const server = new MemoryStoreServer({ clock });
  const connect = () => new MemoryStore({ clock, server });
  return { clock, server, connect, store: connect() };
}

function put(store: ClusterStore, key: string, value = 'v') {
  return store.transact({ compare: [], writes: [{ type: 'put', key, value }] });
}

function notebook() {
  const told: string[] = [];
  const name = (event: WatchEvent) => (event.type === 'put' ? `put ${event.entry.key}` : `delete ${event.key}`);
  const handler: WatchHandler = {
    events: (events) => told.push(...events.map(name)),
    gap: (reason) => told.push(reason),
  };
  return { told, handler };
}

test('a cut path refuses at once, and says of a transaction under way that its outcome is unknown (K2)', async () => {
  const { clock, store, server } = world();
  const underway = follow(put(store, 'a'));
  store.path.cut();
  const refused = follow(put(store, 'b'));
  const read = follow(store.range(''));
  await clock.advance(0);
  expect([underway.code, refused.code, read.code]).toEqual([
    'STORE_OUTCOME_UNKNOWN',
    'STORE_UNAVAILABLE',
    'STORE_UNAVAILABLE',
  ]);
  expect(server.inspect().entries).toEqual([]);
  store.path.mend();
  const after = follow(put(store, 'c'));
  await clock.advance(0);
  expect(after.value?.succeeded).toBe(true);
});

test('a transaction whose answer is lost has happened; one whose request is lost has not (K2)', async () => {
  const { clock, store, server } = world();
  store.path.loseAnswers(1);
  const happened = follow(put(store, 'a'));
  await clock.advance(0);
  store.path.loseRequests(1);
  const never = follow(put(store, 'b'));
  await clock.advance(0);
  expect([happened.code, never.code]).toEqual(['STORE_OUTCOME_UNKNOWN', 'STORE_OUTCOME_UNKNOWN']);
  expect(server.inspect().entries.map(({ key }) => key)).toEqual(['a']);
});

test('a stalled path lets calls run into their deadlines; what waited may still happen later', async () => {
  const { clock, store, server } = world();
  store.path.stall();
  const late = follow(put(store, 'a'));
  await clock.advance(999);
  expect(late).toEqual({});
  await clock.advance(1);
  expect(late.code).toBe('STORE_OUTCOME_UNKNOWN');
  store.path.resume();
  await clock.advance(0);
  expect(server.inspect().entries.map(({ key }) => key)).toEqual(['a']);
});

test('a stalled path may lose what waited', async () => {
  const { clock, store, server } = world();
  store.path.stall();
  follow(put(store, 'a'));
  await clock.advance(10);
  store.path.resume('is-lost');
  await clock.advance(5_000);
  expect(server.inspect().entries).toEqual([]);
});

test('faults of one path do not concern the other clients', async () => {
  const { clock, store, connect } = world();
  const other = connect();
  store.path.cut();
  const outcome = follow(put(other, 'a'));
  await clock.advance(0);
  expect(outcome.value?.succeeded).toBe(true);
});

test('a delayed path takes as long as it is told, in both directions', async () => {
  const { clock, store, server } = world();
  store.path.delay({ requestMs: 30, answerMs: 20 });
  const outcome = follow(put(store, 'a'));
  await clock.advance(30);
  expect(server.inspect().entries).toHaveLength(1);
  await clock.advance(19);
  expect(outcome).toEqual({});
  await clock.advance(1);
  expect(outcome.value?.succeeded).toBe(true);
});

test('a lease ends exactly its time-to-live after its last renewal, with all its keys at one revision', async () => {
  const { clock, store, server } = world();
  const granted = follow(store.lease(5_000));
  await clock.advance(0);
  const lease = granted.value!;
  const writes = ['a', 'b'].map((key) => ({ type: 'put' as const, key, value: '', lease }));
  follow(store.transact({ compare: [], writes }));
  await clock.advance(3_000);
  follow(lease.renew());
  await clock.advance(4_999);
  expect(server.inspect().entries).toHaveLength(2);
  const { revision } = server.inspect();
  await clock.advance(1);
  expect(server.inspect()).toEqual({ revision: revision + 1, entries: [] });
});

test('leases do not end while the store is stalled, and all that are due end when it is resumed', async () => {
  const { clock, store, server } = world();
  const granted = follow(store.lease(2_000));
  await clock.advance(0);
  follow(store.transact({ compare: [], writes: [{ type: 'put', key: 'a', value: '', lease: granted.value! }] }));
  await clock.advance(0);
  server.stall();
  await clock.advance(10_000);
  expect(server.inspect().entries).toHaveLength(1);
  server.resume();
  expect(server.inspect().entries).toEqual([]);
});

test('all leases can be made to end at once', async () => {
  const { clock, store, server } = world();
  const granted = follow(store.lease(60_000));
  await clock.advance(0);
  server.expireAllLeases();
  const renewed = follow(granted.value!.renew());
  await clock.advance(0);
  expect(renewed.code).toBe('LEASE_EXPIRED');
});

test('a stopped store keeps its contents, and starts its leases anew', async () => {
  const { clock, store, server } = world();
  const granted = follow(store.lease(2_000));
  await clock.advance(0);
  follow(store.transact({ compare: [], writes: [{ type: 'put', key: 'a', value: '', lease: granted.value! }] }));
  await clock.advance(1_000);
  server.stop();
  await clock.advance(60_000);
  server.start();
  await clock.advance(1_999);
  expect(server.inspect().entries).toHaveLength(1);
  await clock.advance(1);
  expect(server.inspect().entries).toEqual([]);
});

test('a watch tells of a gap after its connection broke, then of everything it has missed', async () => {
  const { clock, store, connect } = world();
  const { told, handler } = notebook();
  store.watch('a', 1, handler);
  const writer = connect();
  follow(put(writer, 'a1'));
  await clock.advance(0);
  store.path.cut();
  follow(put(writer, 'a2'));
  await clock.advance(100);
  expect(told).toEqual(['put a1']);
  store.path.mend();
  await clock.advance(0);
  expect(told).toEqual(['put a1', 'disconnected', 'put a2']);
});

test('a watch that is stalled delivers everything afterwards, without a gap', async () => {
  const { clock, store, connect } = world();
  const { told, handler } = notebook();
  store.watch('', 1, handler);
  store.path.stall();
  const writer = connect();
  follow(put(writer, 'a'));
  follow(put(writer, 'b'));
  await clock.advance(100);
  expect(told).toEqual([]);
  store.path.resume();
  await clock.advance(0);
  expect(told).toEqual(['put a', 'put b']);
});

test('dropped watch events vanish silently', async () => {
  const { clock, store } = world();
  const { told, handler } = notebook();
  store.watch('', 1, handler);
  store.path.dropWatchEvents(1);
  for (const key of ['a', 'b']) {
    follow(put(store, key));
    await clock.advance(0);
  }
  expect(told).toEqual(['put b']);
});

test('a wiped store begins at revision 1 again, and its watches go on from there (K4)', async () => {
  const { clock, store, server } = world();
  const { told, handler } = notebook();
  store.watch('', 1, handler);
  for (const key of ['a', 'b', 'c']) {
    follow(put(store, key));
    await clock.advance(0);
  }
  server.wipe();
  expect(server.inspect()).toEqual({ revision: 1, entries: [] });
  await clock.advance(0);
  follow(put(store, 'd'));
  await clock.advance(0);
  expect(told).toEqual(['put a', 'put b', 'put c', 'disconnected', 'put d']);
});

test('history beyond its bound is compacted by itself', async () => {
  const clock = new VirtualClock();
  const server = new MemoryStoreServer({ clock, options: { historyRevisions: 10 } });
  const store = new MemoryStore({ clock, server });
  for (let i = 0; i < 30; i += 1) follow(put(store, 'a', String(i)));
  await clock.advance(0);
  const { told, handler } = notebook();
  store.watch('', 1, handler);
  await clock.advance(0);
  expect(told[0]).toBe('compacted');
  expect(told.length).toBeLessThanOrEqual(21);
});

test('options that cannot work are refused', () => {
  const clock = new VirtualClock();
  expect(() => new MemoryStoreServer({ clock, options: { requestTimeoutMs: 0 } })).toThrow('requestTimeoutMs');
});
