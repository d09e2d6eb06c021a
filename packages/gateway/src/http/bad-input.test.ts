// What a client sends that no client may send, over a real socket: it is closed with a reason, and nobody else is disturbed.
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connected, startWorld, type TestClient, tokensFor, type World } from '../testing/server.test-kit.js';
import { GATEWAY_SERVER_DEFAULTS } from './options.js';

const { frameBytesMax } = GATEWAY_SERVER_DEFAULTS;

async function tokenOf({ url }: World, username?: string): Promise<string> {
  return (await tokensFor(url, username)).access_token;
}

describe('bad input on a socket', () => {
  let world: World;
  let other: TestClient;

  beforeAll(async () => {
    world = await startWorld({ options: { loginsMax: 100 }, gateway: { sendBufferBytesMax: 64 * 1024 } });
    other = await connected(world.url, await tokenOf(world, 'other'));
    await other.first(1);
  });
  afterAll(async () => {
    other.request('system/serverStats');
    await other.first(2);
    await world.stop();
  });

  test.each([
    ['not JSON', 'hello', 1008, 'not JSON'],
    ['10,000 levels', '['.repeat(10_000), 1008, 'more than 16 levels deep'],
    [
      'a frame over the limit',
      `"${'x'.repeat(frameBytesMax)}"`,
      1009,
      `a frame may have at most ${frameBytesMax} bytes`,
    ],
    ['a binary frame', Buffer.from('{}'), 1003, 'only text frames are understood here'],
  ])('%s: closed with the reason', async (_, data, code, reason) => {
    const client = await connected(world.url, await tokenOf(world));
    client.ws.send(data);
    expect(await client.closed).toEqual({ code, reason });
  });

  test('a frame of the greatest length is read', async () => {
    const client = await connected(world.url, await tokenOf(world));
    client.ws.send('x'.repeat(frameBytesMax));
    expect(await client.closed).toEqual({ code: 1008, reason: 'not JSON' });
  });

  test('text that is no UTF-8: 1007', async () => {
    const client = await connected(world.url, await tokenOf(world));
    client.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await client.closed).toEqual({ code: 1007, reason: 'text frames are UTF-8' });
  });

  test('what is no frame: 1002', async () => {
    const client = await connected(world.url, await tokenOf(world));
    (client.ws as unknown as { readonly _socket: Socket })._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    expect(await client.closed).toEqual({ code: 1002, reason: 'that is no WebSocket frame' });
  });

  test('a message in thousands of pieces: 1008', async () => {
    const client = await connected(world.url, await tokenOf(world));
    for (let i = 0; i < 2_000; i += 1) client.ws.send('x', { fin: false });
    expect(await client.closed).toEqual({ code: 1008, reason: 'a message may not come in so many pieces' });
  });

  test('1,000 messages in one burst: 20 answers at most, then 1008 with the reason', async () => {
    const client = await connected(world.url, await tokenOf(world));
    await client.first(1);
    for (let i = 0; i < 1_000; i += 1) client.request('system/serverStats', undefined, `m${i}`);
    expect(await client.closed).toEqual({ code: 1008, reason: 'Rate limited' });
    expect(client.frames.length).toBeLessThanOrEqual(21);
  });

  test('a client that does not read its events: cut off, counted', async () => {
    const client = await connected(world.url, await tokenOf(world));
    const id = String(((await client.first(1))[0]!.data as { user: { userId: string } }).user.userId);
    client.ws.pause();
    const dropped = (): number => world.metrics.value('muster_gateway_drops_total', { reason: 'slow_reader' });
    const before = dropped();
    for (let i = 0; i < 1_000 && dropped() === before; i += 1)
      world.cluster.publish(`player/${id}`, 'self', 'friend/requestReceived', { from: 'x'.repeat(50_000) });
    expect(dropped()).toBe(before + 1);
    client.ws.terminate();
  });
});
