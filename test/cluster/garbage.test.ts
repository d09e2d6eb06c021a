// Everything that strangers may do to a gateway with a small heap, over real sockets: each gets its clear error or close code, and
// players who behave are served all the while.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NodeListDocument } from '@muster/coordinator';
import { BAD_FRAMES, BAD_REQUESTS, forgeries } from './bad-input.js';
import { withoutHoldUps } from './held-up.js';
import { TestCluster } from './local-cluster.js';
import { RawPlayer, tokensOf } from './raw-player.js';
import { Traffic } from './traffic.js';
import { pause, until } from './until.js';

const START_TIMEOUT_MS = 90_000;
const TEST_TIMEOUT_MS = 30_000;
const DEADLINE_MS = 10_000;
const HEAP_MB = 256;
/** Heap, code and buffers of the whole process. */
const MEMORY_MAX_BYTES = (HEAP_MB + 128) * 1024 * 1024;
const TOKEN_MS = 4_000;
const CONNECTIONS = 800;
/** Within what everybody may ask. */
const ASK_AGAIN_MS = 120;
const LIMITS = [
  // As deployed: the other tests raise these.
  'gateway.messagesPerSecond=10',
  'gateway.messagesBurst=20',
  // Sooner than deployed, so that the tests need not wait.
  'gateway.idleMs=3000',
  'gateway.pingMinMs=200',
  'gateway.pingMaxMs=800',
  'edge.headersTimeoutMs=1000',
  'edge.requestTimeoutMs=1500',
  'edge.timeoutCheckMs=100',
  'edge.closeTimeoutMs=500',
  `issuer.accessLifetimeMs=${TOKEN_MS}`,
  'oauth.clockToleranceMs=0',
];

let cluster: TestCluster;
let url: string;
/** Players who behave. */
let traffic: Traffic;
let answeredBefore: number;
let memoryMax = 0;

beforeAll(async () => {
  const shape = ['--coordinators', '1', '--nodes', '1', '--gateways', '1', '--gateway-heap-mb', String(HEAP_MB)];
  cluster = await TestCluster.start([...shape, ...LIMITS.flatMap((limit) => ['--set', limit])]);
  url = cluster.gateway(0);
  traffic = await Traffic.start([url], 4, 150);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await traffic?.stop();
  await cluster?.stop();
}, START_TIMEOUT_MS);

beforeEach(() => {
  answeredBefore = traffic.report.answered;
});
afterEach(async () => {
  await until(() => traffic.report.answered > answeredBefore + 4, DEADLINE_MS, 'those who behave are answered');
  expect(traffic.report).toMatchObject({ failures: [], disconnects: 0 });
  const { gateways } = await cluster.admin<NodeListDocument>('node.list');
  memoryMax = Math.max(memoryMax, gateways[0]!.rssBytes);
});

/** Sum of a metric's values whose labels contain `label`. */
async function metric(name: string, label = ''): Promise<number> {
  const { admin } = cluster.document.processes.find(({ role }) => role === 'gateway')!;
  const lines = (await (await fetch(`${admin}/metrics`)).text()).split('\n');
  const values = lines.filter((line) => line.startsWith(name) && line.includes(label));
  return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** The metric grows beyond what it was when this was called. */
async function counts(name: string, label: string, more: () => Promise<void>): Promise<void> {
  const before = await metric(name, label);
  await more();
  await until(async () => (await metric(name, label)) > before, DEADLINE_MS, `${name} ${label} grows`);
}

test('the gateway has the heap that this is about', () => {
  const { pid } = cluster.document.processes.find(({ role }) => role === 'gateway')!;
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(`--max-old-space-size=${HEAP_MB}`);
  expect(cluster.log).not.toContain('"level":"error"');
});

describe('a frame that is wrong ends its own connection with the code that says so', () => {
  test.each(BAD_FRAMES)('$what: $code', async ({ send, code, reason }) => {
    const stranger = await RawPlayer.enter(url, 'stranger');
    send(stranger);
    expect(await stranger.ended()).toEqual({ code, reason: expect.stringMatching(reason) });
  });

  test('a request that is wrong fails by itself: the connection goes on', async () => {
    const stranger = await RawPlayer.enter(url, 'clumsy');
    for (const [commandId, data, reason] of BAD_REQUESTS)
      expect(await stranger.request(commandId, data)).toMatchObject({ commandId, status: 'failed', reason });
    expect((await stranger.request('user/info', { userId: stranger.userId })).status).toBe('success');
    await stranger.request('system/disconnect');
  });
});

describe('who may not come in is told why', () => {
  test('forged tokens: 401, before there is a WebSocket', async () => {
    const { accessToken } = await tokensOf(url, 'forger');
    const { keys } = (await (await fetch(`${url}/oauth/jwks`)).json()) as { keys: object[] };
    for (const [what, token] of forgeries(accessToken, keys[0]!)) {
      const { code, reason } = await new RawPlayer(url, token).ended();
      expect({ what, code }).toEqual({ what, code: 401 });
      expect(JSON.parse(reason)).toMatchObject({ error: 'unauthorized_client' });
    }
  });

  test(
    'an expired token: 401; the same token opened a session while it was good',
    async () => {
      const { accessToken } = await tokensOf(url, 'tardy');
      const early = new RawPlayer(url, accessToken);
      await early.has(({ commandId }) => commandId === 'user/self');
      await pause(TOKEN_MS + 1_000);
      const { code, reason } = await new RawPlayer(url, accessToken).ended();
      expect([code, JSON.parse(reason)]).toEqual([
        401,
        expect.objectContaining({ error_description: 'the token has expired' }),
      ]);
      // A session outlives the token that opened it.
      expect((await early.request('system/serverStats')).status).toBe('success');
      await early.request('system/disconnect');
    },
    TEST_TIMEOUT_MS,
  );

  test('no subprotocol, another one, or a refresh token instead of an access token: 400', async () => {
    const { accessToken, refreshToken } = await tokensOf(url, 'stray');
    for (const protocols of [['v9.tachyon'], ['tachyon'], []])
      expect((await new RawPlayer(url, accessToken, protocols).ended()).code).toBe(400);
    expect((await new RawPlayer(url, refreshToken).ended()).code).toBe(400);
  });
});

describe('half-open connections are let go', () => {
  test('who connects and never sends, or sends a header a byte at a time', async () => {
    const silent = await raw();
    const slow = await raw();
    const drip = setInterval(() => slow.socket.write('x'), 100);
    slow.socket.write('GET /tachyon HTTP/1.1\r\nhost: muster\r\nx-slow: ');
    try {
      await Promise.all([silent.closed, slow.closed]);
    } finally {
      clearInterval(drip);
    }
    for (const { heard } of [silent, slow]) expect(heard()).toMatch(/^HTTP\/1\.1 408 |^$/);
  });

  test('who promises a body and keeps it', async () => {
    const promise = await raw();
    promise.socket.write('POST /oauth/token HTTP/1.1\r\nhost: muster\r\ncontent-length: 100\r\n\r\ngrant');
    await promise.closed;
    expect(promise.heard()).toMatch(/^HTTP\/1\.1 408 |^$/);
  });

  test('who speaks no HTTP, or asks for a WebSocket without its handshake: 400', async () => {
    const { accessToken } = await tokensOf(url, 'mumbler');
    const upgrade = `GET /tachyon HTTP/1.1\r\nhost: muster\r\nconnection: upgrade\r\nupgrade: websocket\r\nauthorization: Bearer ${accessToken}\r\nsec-websocket-protocol: v0.tachyon\r\n\r\n`;
    for (const words of ['\x16\x03\x01\x02\x00\x01\x00', 'HELO there\r\n\r\n', upgrade]) {
      const stranger = await raw();
      stranger.socket.write(words, 'latin1');
      await stranger.closed;
      expect(stranger.heard()).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  test(
    'who signs in and is never heard of again',
    async () => {
      const gone = await RawPlayer.enter(url, 'ghost');
      await counts('muster_gateway_drops_total', 'reason="idle"', async () => gone.ws.pause());
      gone.ws.terminate();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'who asks for much and reads nothing',
    async () => {
      const reader = await RawPlayer.enter(url, 'hoarder');
      const long = '\u{1f4a3}'.repeat(512);
      const target = { type: 'player', userId: reader.userId };
      const writers = await Promise.all(Array.from({ length: 10 }, (_, n) => RawPlayer.enter(url, `writer${n}`)));
      // Within everybody's burst: two hundred messages, which the reader asks for again and again.
      await Promise.all(
        writers.flatMap((writer) =>
          Array.from({ length: 19 }, () => writer.request('messaging/send', { target, message: long })),
        ),
      );
      await Promise.all(writers.map((writer) => writer.request('system/disconnect')));
      // One after the other until it is sent away: of requests that wait together each message comes once, for all of them.
      let asked = 0;
      const data = { since: { type: 'from_start' } };
      const ask = (): void => {
        asked += 1;
        const request = { type: 'request', commandId: 'messaging/subscribeReceived', messageId: `m${asked}`, data };
        reader.ws.send(JSON.stringify(request));
      };
      let asking: NodeJS.Timeout | undefined;
      await counts('muster_gateway_drops_total', 'reason="slow_reader"', async () => {
        reader.ws.pause();
        asking = setInterval(ask, ASK_AGAIN_MS);
      }).finally(() => clearInterval(asking));
      reader.ws.terminate();
    },
    TEST_TIMEOUT_MS,
  );
});

test(
  'hundreds of connections at once, silent ones and refused ones, leave nothing behind',
  async () => {
    const silent = await Promise.all(Array.from({ length: CONNECTIONS }, () => raw()));
    const refused = Array.from({ length: CONNECTIONS }, () => new RawPlayer(url, 'none'));
    const endings = await Promise.all(refused.map((one) => one.ended()));
    expect(new Set(endings.map(({ code }) => code))).toEqual(new Set([401]));
    await Promise.all(silent.map(({ closed }) => closed));
    await until(
      async () => (await metric('muster_gateway_sessions')) === 4,
      DEADLINE_MS,
      'only those who behave are left',
    );
  },
  TEST_TIMEOUT_MS,
);

test('after all that the gateway is the same process, within its memory', async () => {
  const { pid } = cluster.document.processes.find(({ role }) => role === 'gateway')!;
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(memoryMax).toBeGreaterThan(0);
  expect(memoryMax).toBeLessThan(MEMORY_MAX_BYTES);
  // Strangers are counted, not logged line by line.
  expect(withoutHoldUps(cluster.log).filter((line) => line.includes('"node":"gateway-1"'))).toEqual([]);
});

/** A bare connection. `closed` resolves when the gateway ended it. */
async function raw(): Promise<{ socket: Socket; heard: () => string; closed: Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += String(chunk);
  });
  // A write after the other side has gone.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  return { socket, heard: () => heard, closed };
}
