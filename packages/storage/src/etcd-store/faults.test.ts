// A real etcd behind a proxy of our own, which cuts, swallows and counts what passes.
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { codeOf, type Log, MemoryMetrics, SeededRandom, type WatchHandler } from '@muster/ports';
import { Etcd3 } from 'etcd3';
import { clock, eventually, pause } from '../cluster-store/forms-under-test.js';
import { EtcdStore, type EtcdStoreConfig } from './store.js';
import { findProgram, LocalEtcd } from './system-local-etcd.js';

const ONE_SECOND = 1_000;

/** TCP between a store and etcd. */
class TcpProxy {
  swallow: 'nothing' | 'requests' | 'answers' | 'everything' = 'nothing';
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly server = createServer((client) => this.accept(client));
  private readonly target: () => number;

  constructor(target: () => number) {
    this.target = target;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Ends every connection as a reset. New ones are let through. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private accept(client: Socket): void {
    const etcd = connectTo(this.target(), '127.0.0.1');
    const pair = [client, etcd] as const;
    this.pairs.add(pair);
    const swallows = (direction: 'requests' | 'answers') => this.swallow === direction || this.swallow === 'everything';
    client.on('data', (bytes) => swallows('requests') || etcd.write(bytes));
    etcd.on('data', (bytes) => swallows('answers') || client.write(bytes));
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }
}

let folder = '';
let etcd: LocalEtcd;
let proxy: TcpProxy;
let direct: EtcdStore;
let store: EtcdStore;
let metrics: MemoryMetrics;
let lines: string[];
let opened: EtcdStore[] = [];
let tests = 0;
let at = (key: string) => key;

const program = () => findProgram('etcd', process.env);
const log: Log = { write: (level, event) => void lines.push(`${level} ${event}`), with: () => log };

function connect(hosts: readonly string[], given: Partial<EtcdStoreConfig> = {}): EtcdStore {
  const client = new EtcdStore({ hosts, clock, random: new SeededRandom(tests), ...given });
  opened.push(client);
  return client;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-etcd-'));
  etcd = await LocalEtcd.start({ program: program(), folder: join(folder, 'data') });
}, 30_000);

afterAll(async () => {
  await etcd?.kill();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  tests += 1;
  const prefix = `/faults-${tests}/`;
  at = (key) => prefix + key;
  lines = [];
  metrics = new MemoryMetrics();
  proxy = new TcpProxy(() => etcd.clientPort);
  await proxy.listen();
  direct = connect([etcd.url]);
  store = connect([proxy.url], { log, metrics });
});

afterEach(async () => {
  etcd.resume();
  for (const client of opened) await client.close();
  opened = [];
  await proxy.close();
});

function put(through: EtcdStore, key: string, value = ''): Promise<unknown> {
  return through.transact({ compare: [], writes: [{ type: 'put', key: at(key), value }] });
}

async function keys(): Promise<readonly string[]> {
  return (await direct.range(at(''))).entries.map(({ key }) => key.slice(at('').length));
}

async function revision(): Promise<number> {
  return (await direct.range(at(''))).revision;
}

function notebook() {
  const values: string[] = [];
  const gaps: string[] = [];
  const handler: WatchHandler = {
    events: (events) => values.push(...events.map((event) => (event.type === 'put' ? event.entry.value : 'deleted'))),
    gap: (reason) => gaps.push(reason),
  };
  return { values, gaps, handler };
}

test('a transaction whose answer is swallowed is unknown, and has happened (K2)', async () => {
  await store.range('');
  proxy.swallow = 'answers';
  expect(await put(store, 'a').catch(codeOf)).toBe('STORE_OUTCOME_UNKNOWN');
  expect(await keys()).toEqual(['a']);
});

test('a transaction whose request is swallowed is unknown too: the caller cannot tell the two apart (K2)', async () => {
  await store.range('');
  proxy.swallow = 'requests';
  expect(await put(store, 'a').catch(codeOf)).toBe('STORE_OUTCOME_UNKNOWN');
  expect(await keys()).toEqual([]);
});

test('a transaction is unknown at once when its connection ends before the answer (K2)', async () => {
  await store.range('');
  proxy.swallow = 'answers';
  const started = clock.monotonic();
  const outcome = put(store, 'a').catch(codeOf);
  await eventually(async () => expect(await keys()).toEqual(['a']));
  proxy.cut();
  expect(await outcome).toBe('STORE_OUTCOME_UNKNOWN');
  expect(clock.monotonic() - started).toBeLessThan(ONE_SECOND);
});

test('a transaction that waits for a connection in vain was surely not sent', async () => {
  proxy.swallow = 'everything';
  expect(await put(store, 'a').catch(codeOf)).toBe('STORE_UNAVAILABLE');
});

test('after a cut the next call makes a connection of its own', async () => {
  await store.range('');
  proxy.cut();
  await eventually(() => expect(proxy.connections).toBe(0));
  await put(store, 'a');
  expect(await keys()).toEqual(['a']);
});

test('a lease whose renewal is swallowed is not called expired', async () => {
  const lease = await store.lease(60_000);
  proxy.swallow = 'answers';
  expect(await lease.renew().catch(codeOf)).toBe('STORE_UNAVAILABLE');
  proxy.swallow = 'nothing';
  proxy.cut();
  await lease.renew();
  await lease.revoke();
});

test('a watch whose connection is cut again and again loses no change and tells none twice', async () => {
  const { values, gaps, handler } = notebook();
  store.watch(at(''), await revision(), handler);
  const expected: string[] = [];
  for (let i = 1; i <= 60; i += 1) {
    expected.push(String(i));
    await put(direct, 'a', String(i));
    if (i % 7 === 0) {
      proxy.cut();
      await eventually(() => expect(proxy.connections).toBeGreaterThan(0));
    }
  }
  await eventually(() => expect(values).toEqual(expected));
  expect(gaps.length).toBeGreaterThan(0);
  expect(new Set(gaps)).toEqual(new Set(['disconnected']));
  expect(metrics.value('muster_store_watch_gaps_total', { reason: 'disconnected' })).toBe(gaps.length);
});

test('a watch that was away during a compaction tells so, and goes on', async () => {
  const { values, gaps, handler } = notebook();
  store.watch(at(''), await revision(), handler);
  await put(direct, 'a', '1');
  await eventually(() => expect(values).toEqual(['1']));
  proxy.swallow = 'everything';
  proxy.cut();
  for (const value of ['2', '3', '4']) await put(direct, 'a', value);
  const raw = new Etcd3({ hosts: etcd.url });
  await raw.kv.compact({ revision: await revision() });
  raw.close();
  proxy.swallow = 'nothing';
  proxy.cut();
  await eventually(() => expect(gaps.at(-1)).toBe('compacted'));
  await put(direct, 'a', '5');
  await eventually(() => expect(values.at(-1)).toBe('5'));
  expect(values).not.toContain('2');
});

test('a watch finds out by itself that its connection is dead, though nothing ever said so', async () => {
  const { values, gaps, handler } = notebook();
  const patient = connect([proxy.url], { options: { keepAliveMs: 5_100, keepAliveTimeoutMs: 200 } });
  patient.watch(at(''), await revision(), handler);
  await put(direct, 'a', '1');
  await eventually(() => expect(values).toEqual(['1']));
  const dead = proxy;
  dead.swallow = 'everything';
  await put(direct, 'a', '2');
  // The old connection stays dead; the probe's time goes by, and a new one is let through.
  await eventually(() => expect(dead.connections).toBe(0), 8_000);
  dead.swallow = 'nothing';
  await eventually(() => expect(values).toEqual(['1', '2']));
  expect(gaps).toEqual(['disconnected']);
}, 20_000);

test('an etcd that is resumed after a hang is used at once, and its watches go on', async () => {
  const { values, handler } = notebook();
  store.watch(at(''), await revision(), handler);
  await put(store, 'a', '1');
  await eventually(() => expect(values).toEqual(['1']));
  etcd.pause();
  // The signal is on its way: a busy machine may let etcd answer once more.
  await eventually(async () => expect(await store.range('').catch(codeOf)).toBe('STORE_UNAVAILABLE'));
  etcd.resume();
  const started = clock.monotonic();
  await eventually(() => put(store, 'a', '2'));
  expect(clock.monotonic() - started).toBeLessThan(ONE_SECOND);
  await eventually(() => expect(values).toContain('2'));
});

test('leases run out while etcd hangs, and are found gone afterwards: their end alone proves nothing', async () => {
  const lease = await store.lease(ONE_SECOND);
  await store.transact({ compare: [], writes: [{ type: 'put', key: at('a'), value: '', lease }] });
  etcd.pause();
  await pause(lease.ttlMs + 600);
  etcd.resume();
  await eventually(async () => expect(await keys()).toEqual([]));
  expect(await lease.renew().catch(codeOf)).toBe('LEASE_EXPIRED');
});

test('of several members the next takes over: at once from one that is dead, after one call from one that hangs', async () => {
  const both = connect(['http://127.0.0.1:1', proxy.url, etcd.url]);
  await put(both, 'a');
  await put(both, 'b');
  expect(proxy.connections).toBeGreaterThan(0);
  proxy.swallow = 'everything';
  expect(await put(both, 'c').catch(codeOf)).toBe('STORE_OUTCOME_UNKNOWN');
  await put(both, 'd');
  expect(await keys()).toEqual(['a', 'b', 'd']);
});

test('a dead etcd is one line in the log, and so is its return, however many calls fail', async () => {
  await store.range('');
  await etcd.kill();
  for (let i = 0; i < 50; i += 1) await store.range('').catch(() => undefined);
  etcd = await LocalEtcd.start({ program: program(), folder: join(folder, 'data'), clientPort: etcd.clientPort });
  await store.range('');
  expect(lines).toEqual(['warn store.silent', 'info store.answers']);
  expect(metrics.value('muster_store_failures_total', { call: 'range', code: 'STORE_UNAVAILABLE' })).toBe(50);
});

test('a handler that fails ends neither the process nor its watch', async () => {
  const { values, handler } = notebook();
  let failed = false;
  store.watch(at(''), await revision(), {
    ...handler,
    events: (events, last) => {
      if (!failed) {
        failed = true;
        throw new Error('a handler failed');
      }
      handler.events(events, last);
    },
  });
  await put(direct, 'a', '1');
  await eventually(() => expect(lines).toEqual(['error store.watch-failed']));
  await put(direct, 'a', '2');
  await eventually(() => expect(values).toEqual(['2']));
});

test('nothing of a closed store stays connected', async () => {
  const { handler } = notebook();
  store.watch(at(''), await revision(), handler);
  const lease = await store.lease(60_000);
  await lease.renew();
  await put(store, 'a');
  await eventually(() => expect(proxy.connections).toBeGreaterThan(1));
  await store.close();
  await eventually(() => expect(proxy.connections).toBe(0));
  await lease.revoke().catch((error) => expect(codeOf(error)).toBe('STORE_UNAVAILABLE'));
});

// The last one: the etcd of the others is gone afterwards.
test('a watch on a store that lost everything goes on in the new one, from the beginning (K4)', async () => {
  const { values, gaps, handler } = notebook();
  store.watch(at(''), await revision(), handler);
  await put(store, 'a', 'before');
  await eventually(() => expect(values).toEqual(['before']));
  const { clientPort } = etcd;
  await etcd.kill();
  etcd = await LocalEtcd.start({ program: program(), folder: join(folder, 'empty'), clientPort });
  await eventually(() => expect(gaps).toEqual(['disconnected']));
  expect(await keys()).toEqual([]);
  await put(store, 'a', 'after');
  await eventually(() => expect(values).toEqual(['before', 'after']));
});

test('an etcd that cannot start says why', async () => {
  const error = await LocalEtcd.start({ program: '/bin/false', folder }).catch((thrown: Error) => thrown);
  expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
});

test('where there is no etcd, the error says what to install', () => {
  const nowhere = { PATH: '', XDG_CACHE_HOME: folder };
  expect(() => findProgram('etcd', nowhere)).toThrow('apt-get install etcd-server etcd-client');
});
