import { describe, expect, test } from '@jest/globals';
import { attachedClient, coreWorld, FakeClient } from '../testing/session.test-kit.js';
import { gatewayOptions } from './options.js';

const STATS = JSON.stringify({ type: 'request', messageId: 'm', commandId: 'system/serverStats' });
const DEEP = `{"type":"request","messageId":"m","commandId":"a/b","data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;

describe('bad input ends the connection with a code and a reason, and disturbs nobody', () => {
  test.each([
    ['no JSON', 'hello', 1008, 'not JSON'],
    ['nothing', '', 1008, 'not JSON'],
    ['a list', '[]', 1008, 'not a JSON object'],
    ['10,000 levels', DEEP, 1008, 'more than 16 levels deep'],
    [
      'a key __proto__',
      '{"type":"request","messageId":"m","commandId":"a/b","data":{"__proto__":{}}}',
      1008,
      '__proto__',
    ],
    [
      'an escaped __proto__',
      '{"type":"request","messageId":"m","commandId":"a/b","\\u005f_proto__":1}',
      1008,
      '__proto__',
    ],
    ['no type', '{"messageId":"m","commandId":"a/b"}', 1008, 'type must be'],
    ['no messageId', '{"type":"request","commandId":"a/b"}', 1008, 'messageId must be'],
    ['a number as messageId', '{"type":"request","messageId":1,"commandId":"a/b"}', 1008, 'messageId must be'],
    ['no commandId', '{"type":"request","messageId":"m"}', 1008, 'commandId must be'],
    [
      'a response nobody asked for',
      '{"type":"response","messageId":"m7","commandId":"a/b","status":"success"}',
      1008,
      'm7 but no request pending',
    ],
    ['too much text', `"${'x'.repeat(140_000)}"`, 1009, 'at most'],
  ])('%s', (_, text, code, reason) => {
    const world = coreWorld();
    const [bad, other] = [attachedClient(world, '1'), attachedClient(world, '2')];
    bad.session.frame(text);
    expect(bad.socket.closedWith?.code).toBe(code);
    expect(bad.socket.closedWith?.reason).toContain(reason);
    expect(Buffer.byteLength(bad.socket.closedWith!.reason)).toBeLessThanOrEqual(123);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    other.request('system/serverStats');
    expect(other.socket.said).toEqual(['user/self', 'system/serverStats']);
  });

  test('a binary frame: 1003', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.session.binary();
    expect(client.socket.closedWith?.code).toBe(1003);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'binary_frame' })).toBe(1);
  });

  test('events from a client are passed over', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.session.frame('{"type":"event","messageId":"m","commandId":"user/self","data":{}}');
    expect(client.socket.closedWith).toBeUndefined();
    expect(client.socket.said).toEqual(['user/self']);
  });

  test('1,000 messages at once: the burst is answered, then 1008, and the rest is not even read', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    for (let i = 0; i < 1_000; i += 1) client.session.frame(STATS);
    expect(client.socket.said.length).toBe(1 + 20);
    expect(client.socket.closedWith).toEqual({ code: 1008, reason: 'Rate limited' });
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'rate_limited' })).toBe(1);
  });

  test('ten a second may go on for ever', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    for (let i = 0; i < 100; i += 1) {
      client.session.frame(STATS);
      await world.clock.advance(100);
    }
    expect(client.socket.closedWith).toBeUndefined();
  });
});

describe('keep-alive', () => {
  test('a silent client is pinged at least every 9.5 s and gone after 20 s', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    await world.clock.advance(19_500);
    expect(client.socket.pings).toBeGreaterThanOrEqual(2);
    expect(client.socket.closedWith).toBeUndefined();
    await world.clock.advance(1_000);
    expect(client.socket.closedWith).toEqual({ code: 1008, reason: 'nothing was received for 20000 ms' });
    expect(world.cluster.next('detach').json).toMatchObject({ clean: false });
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'idle' })).toBe(1);
  });

  test('one that answers pings stays', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    for (let pings = 0; pings < 20; pings = client.socket.pings) {
      await world.clock.advance(500);
      if (client.socket.pings > pings) client.session.alive();
    }
    expect(client.socket.closedWith).toBeUndefined();
    expect(world.clock.monotonic()).toBeGreaterThan(20_000);
  });

  test('two clients are not pinged in step', async () => {
    const world = coreWorld();
    const clients = Array.from({ length: 20 }, (_, i) => attachedClient(world, String(i + 1)));
    await world.clock.advance(2_000);
    const pinged = clients.filter(({ socket }) => socket.pings > 0).length;
    expect(pinged).toBeGreaterThan(0);
    expect(pinged).toBeLessThan(20);
  });
});

describe('keep-alive of clients that stay', () => {
  test('they are pinged about every nine seconds, and never more than ten apart', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    const pingedAt: number[] = [];
    for (let ms = 0; ms < 200_000; ms += 250) {
      const { pings } = client.socket;
      await world.clock.advance(250);
      if (client.socket.pings === pings) continue;
      pingedAt.push(world.clock.monotonic());
      client.session.alive();
    }
    const gaps = pingedAt.slice(1).map((at, index) => at - pingedAt[index]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10_000);
    // Each ping and its answer cost what an idle client costs: not more of them than clients need.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(8_500);
    expect(new Set(gaps).size).toBeGreaterThan(1);
  });
});

describe('capacity', () => {
  test('a client that does not read is cut off with 1013, counted', () => {
    const world = coreWorld({ sendBufferBytesMax: 1_000 });
    const client = attachedClient(world);
    client.socket.buffered = 1_000;
    client.request('system/serverStats');
    expect(client.socket.closedWith).toBeUndefined();
    client.socket.buffered = 1_001;
    client.request('system/serverStats');
    expect(client.socket.closedWith?.code).toBe(1013);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'slow_reader' })).toBe(1);
  });

  test('a full gateway sends clients away', () => {
    const world = coreWorld({ sessionsMax: 1 });
    attachedClient(world, '1');
    const second = new FakeClient(world, '2');
    expect(second.socket.closedWith?.code).toBe(1013);
    second.session.closed();
    expect(world.core.size).toBe(1);
    expect(world.cluster.asked).toEqual([]);
  });

  test('frames and bytes are counted, soon after', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.session.frame(STATS, 77);
    await world.clock.advance(world.core.options.sweepMs);
    expect(world.metrics.value('muster_gateway_frames_received_total')).toBe(1);
    expect(world.metrics.value('muster_gateway_bytes_received_total')).toBe(77);
    expect(world.metrics.value('muster_gateway_frames_sent_total')).toBe(2);
    expect(world.metrics.value('muster_gateway_requests_total')).toBe(1);
  });

  test.each([
    [{ idleMs: 5_000 }],
    [{ pingMinMs: 10_000 }],
    [{ messagesBurst: 0 }],
    [{ traceRatio: 2 }],
    [{ sweepMs: Number.NaN }],
    [{ attachRetryMinMs: 5_000 }],
  ])('options that make no sense are refused: %j', (changes) => {
    expect(() => gatewayOptions(changes)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});
