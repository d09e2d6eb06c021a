// What every ClusterStore promises, held by each form: memory on the machine's clock, and a real etcd.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type ClusterStore,
  codeOf,
  type StoreLease,
  type StoreWrite,
  type WatchEvent,
  type WatchHandler,
} from '@muster/ports';
import { clock, etcdForm, eventually, memoryForm, pause } from './forms-under-test.js';

describe.each([
  ['MemoryStore', memoryForm()],
  ['EtcdStore', etcdForm()],
])('%s', (_name, form) => {
  let store: ClusterStore;
  let opened: ClusterStore[] = [];
  let tests = 0;
  /** Each test has keys of its own. */
  let at = (key: string) => key;

  beforeAll(() => form.start(), 30_000);
  afterAll(() => form.end());

  function connect(): ClusterStore {
    const client = form.connect();
    opened.push(client);
    return client;
  }

  beforeEach(() => {
    tests += 1;
    const prefix = `/test-${tests}/`;
    at = (key) => prefix + key;
    store = connect();
  });
  afterEach(async () => {
    for (const client of opened) await client.close();
    opened = [];
  });

  function put(key: string, value = 'v', lease?: StoreLease): StoreWrite {
    return { type: 'put', key: at(key), value, ...(lease ? { lease } : {}) };
  }

  function remove(key: string): StoreWrite {
    return { type: 'delete', key: at(key) };
  }

  async function write(...writes: readonly StoreWrite[]): Promise<number> {
    return (await store.transact({ compare: [], writes })).revision;
  }

  async function read(): Promise<Record<string, string>> {
    const { entries } = await store.range(at(''));
    return Object.fromEntries(entries.map(({ key, value }) => [key.slice(at('').length), value]));
  }

  /** Everything a watch told, as text. */
  function notebook() {
    const told: string[] = [];
    const name = (event: WatchEvent) =>
      event.type === 'put'
        ? `${event.entry.key.slice(at('').length)}=${event.entry.value}`
        : `-${event.key.slice(at('').length)}`;
    const handler: WatchHandler = {
      events: (events) => told.push(events.map(name).join(' ')),
      gap: (reason) => told.push(reason),
    };
    return { told, handler };
  }

  describe('reads', () => {
    test('a prefix nobody wrote under has no entries, but a revision', async () => {
      const { revision, entries } = await store.range(at(''));
      expect(entries).toEqual([]);
      expect(revision).toBeGreaterThanOrEqual(1);
    });

    test('a range has exactly the keys of its prefix, in the order of their bytes', async () => {
      const keys = ['b', 'a/2', 'a/10', 'a', '\u{1F600}', '\uFFFD', 'a0'];
      await write(...keys.map((key) => put(key)));
      expect(Object.keys(await read())).toEqual(['a', 'a/10', 'a/2', 'a0', 'b', '\uFFFD', '\u{1F600}']);
      const { entries } = await store.range(at('a/'));
      expect(entries.map(({ key }) => key)).toEqual([at('a/10'), at('a/2')]);
    });

    test('the empty prefix is every key', async () => {
      await write(put('a'));
      expect((await store.range('')).entries.map(({ key }) => key)).toContain(at('a'));
    });

    test('values come back as they were written, empty and non-ASCII ones too', async () => {
      await write(put('empty', ''), put('text', '{"name":"Žofie 🎲"}'));
      expect(await read()).toEqual({ empty: '', text: '{"name":"Žofie 🎲"}' });
    });

    test('an entry knows the revisions of its creation and of its last change', async () => {
      const created = await write(put('a', '1'));
      const changed = await write(put('a', '2'));
      const { revision, entries } = await store.range(at('a'));
      expect(entries).toEqual([{ key: at('a'), value: '2', createRevision: created, modRevision: changed }]);
      expect(revision).toBe(changed);
      await write(remove('a'));
      const again = await write(put('a', '3'));
      expect((await store.range(at('a'))).entries[0]).toMatchObject({ createRevision: again, modRevision: again });
    });
  });

  describe('transactions', () => {
    test('compare revision 0 creates a key only where there is none', async () => {
      const create = () => store.transact({ compare: [{ key: at('a'), modRevision: 0 }], writes: [put('a')] });
      expect((await create()).succeeded).toBe(true);
      expect((await create()).succeeded).toBe(false);
    });

    test('one compare that fails keeps every write from happening, and does not raise the revision', async () => {
      const seen = await write(put('epoch', '1'));
      await write(put('page', 'old'));
      const result = await store.transact({
        compare: [
          { key: at('epoch'), modRevision: seen },
          { key: at('page'), modRevision: seen },
        ],
        writes: [put('epoch', '2'), put('page', 'new')],
      });
      expect(result).toEqual({ succeeded: false, revision: seen + 1 });
      expect(await read()).toEqual({ epoch: '1', page: 'old' });
    });

    test('all writes of a transaction happen at one revision', async () => {
      await write(put('gone'));
      const revision = await write(put('a'), put('b'), remove('gone'));
      const { entries } = await store.range(at(''));
      expect(entries.map(({ key, modRevision }) => [key, modRevision])).toEqual([
        [at('a'), revision],
        [at('b'), revision],
      ]);
    });

    test('deleting a key that is not there, and writing nothing, succeed without a new revision', async () => {
      const revision = await write(put('a'));
      expect(await store.transact({ compare: [], writes: [remove('b')] })).toEqual({ succeeded: true, revision });
      expect(await store.transact({ compare: [], writes: [] })).toEqual({ succeeded: true, revision });
    });

    test('of many who compare the same revision at once exactly one succeeds', async () => {
      const modRevision = await write(put('epoch', '0'));
      const others = [store, connect(), connect()];
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          others[i % 3]!.transact({ compare: [{ key: at('epoch'), modRevision }], writes: [put('epoch', String(i))] }),
        ),
      );
      expect(results.filter(({ succeeded }) => succeeded)).toHaveLength(1);
    });

    test('128 compares and 128 writes are possible; more, the same key twice and too many bytes are refused', async () => {
      const keys = Array.from({ length: 129 }, (_, i) => `k${i}`);
      const compares = keys.map((key) => ({ key: at(key), modRevision: 0 }));
      const writes = keys.map((key) => put(key));
      expect(await store.transact({ compare: compares.slice(1), writes: writes.slice(1) })).toMatchObject({
        succeeded: true,
      });
      const tooMuch = [
        { compare: [], writes },
        { compare: compares, writes: [] },
        { compare: [], writes: [put('a'), remove('a')] },
        { compare: [], writes: [put('a', 'x'.repeat(1_500_000))] },
        { compare: [{ key: at('a'), modRevision: -1 }], writes: [] },
      ];
      for (const transaction of tooMuch)
        expect(await store.transact(transaction).catch(codeOf)).toBe('INVALID_REQUEST');
      expect(await store.transact({ compare: [], writes: [put('a', 'x'.repeat(1_300_000))] })).toMatchObject({
        succeeded: true,
      });
    });
  });

  describe('watches', () => {
    test('a watch tells of changes after its revision, past and present, in order and only under its prefix', async () => {
      const start = await write(put('in/before', '0'));
      await write(put('in/a', '1'));
      const { told, handler } = notebook();
      const watch = store.watch(at('in/'), start, handler);
      await write(put('out', '2'));
      await write(put('in/b', '3'), put('in/c', '3'));
      await write(remove('in/a'));
      await eventually(() => expect(told.join('|').replaceAll(' ', '|')).toBe('in/a=1|in/b=3|in/c=3|-in/a'));
      watch.close();
    });

    test('what happens at one revision is told in one call, with that revision', async () => {
      const calls: (readonly [number, number])[] = [];
      const start = (await store.range('')).revision;
      store.watch(at(''), start, {
        events: (events, revision) => calls.push([events.length, revision]),
        gap: () => undefined,
      });
      const revision = await write(put('a'), put('b'), put('c'));
      await eventually(() => expect(calls).toEqual([[3, revision]]));
    });

    test('a closed watch is silent', async () => {
      const start = (await store.range('')).revision;
      const [silent, open] = [notebook(), notebook()];
      const watch = store.watch(at(''), start, silent.handler);
      store.watch(at(''), start, open.handler);
      await write(put('a', '1'));
      await eventually(() => expect(open.told).toEqual(['a=1']));
      watch.close();
      watch.close();
      await write(put('a', '2'));
      await eventually(() => expect(open.told).toEqual(['a=1', 'a=2']));
      expect(silent.told).toEqual(['a=1']);
    });

    test('a watch from a revision that is compacted away tells of the gap, then of what comes after', async () => {
      const start = await write(put('a', '1'));
      for (const value of ['2', '3', '4']) await write(put('a', value));
      const { revision } = await store.range('');
      await form.compact(revision);
      const { told, handler } = notebook();
      store.watch(at(''), start, handler);
      await eventually(() => expect(told).toContain('compacted'));
      await write(put('a', '5'));
      await eventually(() => expect(told.at(-1)).toBe('a=5'));
      expect(told).not.toContain('a=2');
    });
  });

  describe('leases', () => {
    test('a lease lasts at least as long as asked for, and longer when renewed; then its keys go, all at once', async () => {
      const lease = await store.lease(1_000);
      expect(lease.ttlMs).toBeGreaterThanOrEqual(1_000);
      await write(put('a', '', lease), put('b', '', lease), put('c', ''));
      const { told, handler } = notebook();
      store.watch(at(''), (await store.range('')).revision, handler);
      const started = clock.monotonic();
      for (let i = 0; i < 3; i += 1) {
        await pause(lease.ttlMs / 2);
        await lease.renew();
      }
      expect(Object.keys(await read())).toEqual(['a', 'b', 'c']);
      await eventually(() => expect(told).toEqual(['-a -b']));
      expect(clock.monotonic() - started).toBeGreaterThanOrEqual(2.5 * lease.ttlMs - 50);
      expect(Object.keys(await read())).toEqual(['c']);
      expect(await lease.renew().catch(codeOf)).toBe('LEASE_EXPIRED');
    });

    test('a lease may be revoked, more than once; it cannot be used or renewed afterwards', async () => {
      const lease = await store.lease(10_000);
      await write(put('a', '', lease));
      await lease.revoke();
      expect(await read()).toEqual({});
      await lease.revoke();
      expect(await lease.renew().catch(codeOf)).toBe('LEASE_EXPIRED');
      expect(await write(put('b'), put('c', '', lease)).catch(codeOf)).toBe('LEASE_EXPIRED');
      expect(await read()).toEqual({});
    });

    test('a key written again without its lease outlives it, one written under another goes with that', async () => {
      const [first, second] = [await store.lease(10_000), await store.lease(10_000)];
      await write(put('a', '', first), put('b', '', first));
      await write(put('a', 'kept'), put('b', 'moved', second));
      await first.revoke();
      expect(await read()).toEqual({ a: 'kept', b: 'moved' });
      await second.revoke();
      expect(await read()).toEqual({ a: 'kept' });
    });

    test('leases of different clients are different', async () => {
      const leases = [await store.lease(10_000), await connect().lease(10_000)];
      expect(leases[0]!.id).not.toBe(leases[1]!.id);
      for (const lease of leases) await lease.revoke();
    });

    test('a lease without a length is refused', async () => {
      expect(await store.lease(0).catch(codeOf)).toBe('INVALID_REQUEST');
    });
  });

  describe('a store that is away', () => {
    test('refuses at once: nothing happened (K2). Back again it is used at once, with all it held', async () => {
      const lease = await store.lease(60_000);
      await write(put('a', '1', lease));
      await form.down();
      // A call that meets the end of its connection cannot know; from then on it is plain.
      expect(await store.range('').catch(codeOf)).toBe('STORE_UNAVAILABLE');
      const started = clock.monotonic();
      // Several rounds: a client that counts failures would shut itself out.
      for (let i = 0; i < 4; i += 1) {
        const codes = await Promise.all([
          store.range('').catch(codeOf),
          write(put('a', '2')).catch(codeOf),
          store.lease(1_000).catch(codeOf),
          lease.renew().catch(codeOf),
        ]);
        expect(codes).toEqual(Array(4).fill('STORE_UNAVAILABLE'));
      }
      expect(clock.monotonic() - started).toBeLessThan(1_000);
      await form.up();
      expect(await read()).toEqual({ a: '1' });
      await lease.renew();
    });

    test('its watches tell of the gap when it is back, and go on without having lost anything', async () => {
      const { told, handler } = notebook();
      store.watch(at(''), (await store.range('')).revision, handler);
      await write(put('a', '1'));
      await eventually(() => expect(told).toEqual(['a=1']));
      await form.down();
      await form.up();
      await write(put('a', '2'));
      await eventually(() => expect(told).toEqual(['a=1', 'disconnected', 'a=2']));
    });
  });

  describe('a store that hangs', () => {
    afterEach(() => form.resume());

    test('lets every call end at its deadline; what becomes of a write is unknown (K2)', async () => {
      const lease = await store.lease(60_000);
      await store.range('');
      form.pause();
      const started = clock.monotonic();
      const codes = await Promise.all([
        store.range('').catch(codeOf),
        write(put('a')).catch(codeOf),
        store.lease(1_000).catch(codeOf),
        lease.renew().catch(codeOf),
      ]);
      expect(codes).toEqual(['STORE_UNAVAILABLE', 'STORE_OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
      expect(clock.monotonic() - started).toBeLessThan(1_500);
      form.resume();
      await eventually(() => store.range(''));
    });
  });

  describe('a closed client', () => {
    test('ends calls under way, refuses new ones, and may be closed twice', async () => {
      const client = connect();
      await client.range('');
      form.pause();
      const underway = [
        client.range('').catch(codeOf),
        client.transact({ compare: [], writes: [put('a')] }).catch(codeOf),
      ];
      await pause(20);
      const started = clock.monotonic();
      await client.close();
      await client.close();
      form.resume();
      expect(await Promise.all(underway)).toEqual(['STORE_UNAVAILABLE', 'STORE_OUTCOME_UNKNOWN']);
      expect(clock.monotonic() - started).toBeLessThan(500);
      expect(await client.range('').catch(codeOf)).toBe('STORE_UNAVAILABLE');
      expect(await client.transact({ compare: [], writes: [] }).catch(codeOf)).toBe('STORE_UNAVAILABLE');
      client.watch('', 0, notebook().handler).close();
      expect((await store.range('')).revision).toBeGreaterThanOrEqual(1);
    });
  });
});
