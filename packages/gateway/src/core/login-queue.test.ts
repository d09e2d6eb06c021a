import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryMetrics, shardOfKey, VirtualClock } from '@muster/ports';
import { attachedClient, type CoreWorld, coreWorld, FakeClient } from '../testing/session.test-kit.js';
import { LoginQueue } from './login-queue.js';

let world: CoreWorld;

/** No room; so many begin per second. */
function crowd(admitPerSecond: number): void {
  world.cluster.room = { shed: '', admission: 'queue', admitPerSecond };
}

beforeEach(() => {
  world = coreWorld({ loginQueueMax: 5, loginQueueTickMs: 100, loginCatchUpPerSecond: 20 });
  crowd(1);
});

/** A client that nobody waits for. */
function newcomer(player: string): FakeClient {
  const client = new FakeClient(world, player);
  world.cluster.next('isAwaited').ok({ isAwaited: false });
  return client;
}

const attaching = (): string[] => world.cluster.asked.filter(({ name }) => name === 'attach').map((c) => c.entity.id);

describe('without room', () => {
  test('new sessions begin in the order in which they came, so many per second, and hear of it by user/self', async () => {
    const clients = ['1', '2', '3'].map(newcomer);
    expect(attaching()).toEqual([]);
    await world.clock.advance(1_000);
    expect(attaching()).toEqual(['1']);
    await world.clock.advance(1_000);
    expect(attaching()).toEqual(['1', '2']);
    const attach = world.cluster.next('attach');
    attach.ok({ login: 1, resumed: false, watch: [], places: {} });
    const { session } = attach.json as { session: string };
    world.cluster.snapshot('player/1', 'self', { places: {}, session, user: { userId: '1' } });
    expect(clients[0]!.socket.said).toEqual(['user/self']);
    expect(clients[2]!.socket.frames).toEqual([]);
  });

  test('every request of one that waits is refused, those that came while its actor was asked too', () => {
    const client = new FakeClient(world, '1');
    client.request('user/info', { userId: '1' });
    world.cluster.next('isAwaited').ok({ isAwaited: false });
    client.request('system/serverStats');
    const refused = { status: 'failed', reason: 'invalid_request', details: 'waiting for login' };
    expect(client.socket.frames).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)]);
  });

  test('one that waits may go: it is answered, and its actor never heard of it', async () => {
    const client = newcomer('1');
    client.request('system/disconnect', { reason: 'bye' });
    expect(client.socket.said).toEqual(['system/disconnect']);
    expect(client.socket.closedWith?.code).toBe(1000);
    await world.clock.advance(5_000);
    expect(world.cluster.asked).toEqual([]);
    expect(world.metrics.value('muster_gateway_login_queue')).toBe(0);
  });

  test('who comes back to a session that waits for it passes by everybody', async () => {
    ['1', '2'].map(newcomer);
    new FakeClient(world, '9');
    world.cluster.next('isAwaited').ok({ isAwaited: true });
    expect(attaching()).toEqual(['9']);
    expect(world.metrics.value('muster_gateway_logins_total', { how: 'reconnect' })).toBe(1);
  });

  test('whose actor cannot be asked is not held up: it may be one that comes back', () => {
    new FakeClient(world, '9');
    world.cluster.next('isAwaited').fail('NO_OWNER');
    expect(attaching()).toEqual(['9']);
  });

  test('a new owner of its actor does not let it in', async () => {
    newcomer('1');
    expect(world.cluster.newOwner(shardOfKey('player/1'))).toEqual([]);
    expect(attaching()).toEqual([]);
  });

  test('more than may wait are sent away with 1013 and told when to come again', () => {
    for (let n = 1; n <= 5; n += 1) newcomer(String(n));
    expect([world.core.logins.isFull, world.core.logins.retryAfterMs]).toEqual([true, 5_000]);
    const late = newcomer('6');
    expect(late.socket.closedWith).toEqual({ code: 1013, reason: 'too many logins, try again in 5000 ms' });
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'login_queue' })).toBe(1);
  });

  test('a gateway that hung does not make up for it in one rush', async () => {
    const clock = new VirtualClock();
    let hung = 0;
    const began: number[] = [];
    const queue = new LoginQueue({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic() + hung,
        after: (ms, run) => clock.after(ms, run),
        defer: (run) => clock.defer(run),
      },
      room: () => ({ shed: '', admission: 'queue', admitPerSecond: 2 }),
      options: { loginQueueMax: 10, loginQueueTickMs: 100, loginCatchUpPerSecond: 20 },
      metrics: new MemoryMetrics(),
    });
    for (let n = 0; n < 10; n += 1)
      queue.enter({
        isAwaited: (answer) => answer(false),
        begin: () => began.push(n),
        queued: () => undefined,
        refused: () => undefined,
      });
    hung = 60_000;
    await clock.advance(100);
    expect(began).toEqual([0, 1]);
  });
});

describe('with room again', () => {
  test('those who wait begin at the rate for that, and newcomers stand behind them', async () => {
    ['1', '2', '3'].map(newcomer);
    world.cluster.room = { shed: '', admission: 'open', admitPerSecond: 0 };
    newcomer('4');
    expect(attaching()).toEqual([]);
    await world.clock.advance(100);
    expect(attaching()).toEqual(['1', '2']);
    await world.clock.advance(100);
    expect(attaching()).toEqual(['1', '2', '3', '4']);
    new FakeClient(world, '5');
    expect(attaching()).toEqual(['1', '2', '3', '4', '5']);
  });
});

test('with room, nobody is asked anything and everybody begins at once', () => {
  world.cluster.room = { shed: '', admission: 'open', admitPerSecond: 0 };
  attachedClient(world, '1');
  expect(world.metrics.value('muster_gateway_logins_total', { how: 'at_once' })).toBe(1);
});
