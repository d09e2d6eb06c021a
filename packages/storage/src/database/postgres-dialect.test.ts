// What the pg form does when the server is away, hung, or cuts its connections. The server is a PGlite behind a socket,
// seen through a proxy that a test can pause and cut.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { epoch, MemoryMetrics, SeededRandom, type Storage, SystemClock, term } from '@muster/ports';
import { PgliteServer } from '../pglite-server/server.js';
import { type OpenPglite, openPglite } from './open-pglite.js';
import { openStorage } from './open-storage.js';

const clock = new SystemClock();
const random = new SeededRandom(9);
const options = { callDeadlineMs: 500, closeDeadlineMs: 500, connectionsMax: 2, migrateDeadlineMs: 5_000 };

class CutProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly closings: (() => void)[] = [];
  private paused = false;
  accepted = 0;

  constructor(targetPort: number) {
    this.server = createServer((client) => {
      this.accepted += 1;
      const target = connect(targetPort, '127.0.0.1');
      for (const socket of [client, target]) {
        this.sockets.add(socket.on('error', () => undefined));
        socket.on('close', () => this.sockets.delete(socket));
        if (this.paused) socket.pause();
      }
      client.on('close', () => this.closings.shift()?.());
      this.join(client, target);
      this.join(target, client);
    });
  }

  private join(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (!this.paused) to.write(bytes);
    });
    from.on('close', () => to.destroy());
  }

  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on bytes vanish, as behind a dead switch: no reset tells anybody. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Resolves when the next connection of a client is closed. */
  nextClose(): Promise<void> {
    return new Promise((resolve) => this.closings.push(resolve));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}

let pglite: OpenPglite;
let server: PgliteServer;
let proxy: CutProxy;
let storage: Storage;
let proxyPort: number;
const metrics = new MemoryMetrics();
const urlOf = (port: number): string => `postgres://postgres:postgres@127.0.0.1:${port}/postgres?sslmode=disable`;

beforeAll(async () => {
  pglite = await openPglite(undefined, random);
  server = await PgliteServer.start({ db: pglite.db, clock });
  proxy = new CutProxy(Number(server.address.split(':').at(-1)));
  proxyPort = await proxy.start();
  storage = await openStorage({ url: urlOf(proxyPort), clock, random, options, metrics });
});
afterEach(() => proxy.resume());
afterAll(async () => {
  await storage.close();
  await proxy.stop();
  await server.stop();
  await pglite.close();
});

test('connections that are cut while idle do no harm: the next call dials again', async () => {
  await storage.ping();
  const before = proxy.accepted;
  const lost = metrics.value('muster_storage_connections_lost_total');
  proxy.cut();
  while (metrics.value('muster_storage_connections_lost_total') === lost) await new Promise(setImmediate);
  await storage.ping();
  expect(proxy.accepted).toBeGreaterThan(before);
});

test('a server that hangs costs a call its deadline, and the connection, so that nobody waits behind the lost statement', async () => {
  await storage.regime.raise(epoch(3), term(3), 3);
  proxy.pause();
  const closed = proxy.nextClose();
  await expect(storage.regime.highest()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
  await closed;
  proxy.resume();
  expect(await storage.regime.highest()).toEqual({ epoch: 3, term: 3, revision: 3 });
});

test('more calls than connections all end at the deadline of a server that hangs, and all succeed when it is back', async () => {
  proxy.pause();
  const calls = await Promise.allSettled(Array.from({ length: 6 }, () => storage.regime.highest()));
  expect(calls.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
  proxy.resume();
  // Those that dialled while it hung hold the pool up to their own deadline.
  await storage.ping().catch(() => undefined);
  const answers = await Promise.all(calls.map(() => storage.regime.highest()));
  expect(answers).toEqual(calls.map(() => ({ epoch: 3, term: 3, revision: 3 })));
});

test('where nobody listens opening fails at once, and where nobody answers at the deadline', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address() as AddressInfo;
  nobody.close();
  await once(nobody, 'close');
  const refused = openStorage({ url: urlOf(port), clock, random, options });
  await expect(refused).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  proxy.pause();
  await expect(openStorage({ url: urlOf(proxyPort), clock, random, options })).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
  });
});

test('closing beside a server that hangs ends', async () => {
  const second = await openStorage({ url: urlOf(proxyPort), clock, random, options });
  proxy.pause();
  const call = second.ping();
  const closed = second.close();
  await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  await closed;
});

test('an integer that a number cannot hold is refused, not rounded', async () => {
  await pglite.db.exec('update regime set epoch = 9007199254740993');
  await expect(storage.regime.highest()).rejects.toMatchObject({
    code: 'STORAGE_MISMATCH',
    details: { found: 'the integer 9007199254740993' },
  });
  await pglite.db.exec('update regime set epoch = 9007199254740991');
  expect((await storage.regime.highest()).epoch).toBe(9_007_199_254_740_991);
});

test('a table that is missing is no reason to try again', async () => {
  await pglite.db.exec('drop table regime');
  await expect(storage.regime.highest()).rejects.toMatchObject({ code: 'STORAGE_MISMATCH', retryable: false });
});
