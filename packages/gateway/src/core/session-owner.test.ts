import { describe, expect, test } from '@jest/globals';
import { type ShardId, shardId, shardOfKey } from '@muster/ports';
import { subscribedReply } from '../testing/fake-cluster.test-kit.js';
import { attachedClient, type CoreWorld, coreWorld, FakeClient, FIRST_SESSION } from '../testing/session.test-kit.js';

const SECOND_SESSION = 'gateway-1#a1/2';

const SEND = { target: { type: 'player', userId: '2' }, message: 'hello' };

describe('the player is owned elsewhere', () => {
  test('K14: the session is attached again in front of everything else, with what the actor may have lost', () => {
    const world = coreWorld();
    const client = attachedClient(world, '1', ['5']);
    client.request('messaging/subscribeReceived');
    world.cluster.next('subscribeReceived').ok(subscribedReply());
    client.request('messaging/send', SEND);
    const [front, ...rest] = world.cluster.newOwner(shardOfKey('player/1'));
    expect(rest).toEqual([]);
    expect(front).toMatchObject({
      name: 'attach',
      json: { session: FIRST_SESSION, resume: true, login: 1, held: { userIds: ['5'], messaging: true } },
    });
    client.request('user/info', { userId: '9' });
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['attach', 'send']);
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: ['5'], places: {} });
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['send', 'info']);
    expect(client.socket.said.at(-1)).toBe('messaging/subscribeReceived');
  });

  test('who waits to attach does so as soon as there is an owner; an attempt under way is not doubled', async () => {
    const world = coreWorld();
    new FakeClient(world);
    expect(world.cluster.newOwner(shardOfKey('player/1'))).toEqual([]);
    world.cluster.next('attach').fail('NO_OWNER');
    const [front] = world.cluster.newOwner(shardOfKey('player/1'));
    expect(front).toMatchObject({ name: 'attach', json: { resume: false } });
    await world.clock.advance(world.core.options.attachRetryMaxMs * 2);
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['attach']);
  });

  test('K16: what the new owner says of its places counts behind the answers that bring the client there', () => {
    for (const comesIn of [true, false]) {
      const world = coreWorld();
      attachedClient(world, '2', [], false, { lobby: 'l' });
      const client = attachedClient(world);
      const { socket } = client;
      const lobby = { id: 'l', players: {}, bots: {}, spectators: { 1: { id: '1' }, 2: { id: '2' } }, eventNumber: 3 };
      world.cluster.number = 6;
      world.cluster.snapshot('lobby/l', 'members', lobby);
      const renamed = (name: string, eventNumber: number): void =>
        world.cluster.publish('lobby/l', 'members', 'lobby/updated', { id: 'l', name, eventNumber });
      client.request('lobby/join', { id: 'l' });
      world.cluster
        .newOwner(shardOfKey('player/1'))[0]!
        .ok({ login: 1, resumed: true, watch: [], places: { lobby: 'l' } });
      renamed('a', 4);
      expect(socket.said).toEqual(['user/self']);
      const join = world.cluster.next('joinLobby');
      if (comesIn) join.ok({ moved: { kind: 'lobby', id: 'l', stream: 7 }, data: lobby });
      else join.fail('NO_OWNER');
      expect(socket.said.slice(1)).toEqual(comesIn ? ['lobby/join', 'lobby/updated'] : ['lobby/join!']);
      // Which of the two is newer nobody knows but the actor.
      world.cluster.next('places').ok({ lobby: 'l' });
      if (!comesIn) {
        renamed('b', 5);
        expect(socket.said.slice(2)).toEqual([]);
        world.cluster.publish('player/1', 'self', 'muster:place', { session: SECOND_SESSION, kind: 'lobby', id: 'l' });
      }
      renamed('b', 6);
      expect(socket.frames.at(-1)).toMatchObject({ commandId: 'lobby/updated', data: { name: 'b' } });
    }
  });

  test('sessions of other shards do not care', () => {
    const world = coreWorld();
    attachedClient(world);
    expect(world.cluster.newOwner(shardOfKey('player/2'))).toEqual([]);
  });

  test('who is carved out is attached where it is, and comes home with its shard; its former neighbours do not care (K1)', () => {
    const world = coreWorld();
    attachedClient(world);
    const [home, solo] = [shardOfKey('player/1'), shardId(1_030)];
    const carve = (shard: ShardId | null) =>
      world.cluster.table.apply({ revision: 1, full: false, rows: [], overrides: [{ entity: 'player/1', shard }] });
    carve(solo);
    expect(world.cluster.newOwner(home)).toEqual([]);
    expect(world.cluster.newOwner(solo)).toMatchObject([{ name: 'attach', json: { resume: true } }]);
    world.cluster.next('attach').ok({ login: 1, resumed: true, watch: [], places: {} });
    carve(null);
    expect(world.cluster.newOwner(solo)).toEqual([]);
    expect(world.cluster.newOwner(home)).toMatchObject([{ name: 'attach', json: { resume: true } }]);
  });

  test('an actor that lost the session is told again, and the command is asked once more, before later ones', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/send', { ...SEND, message: 'first' });
    world.cluster.next('send').fail('REFUSED', { reason: 'session_unknown' });
    client.request('messaging/send', { ...SEND, message: 'second' });
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: {} });
    expect(world.cluster.asked.map(({ json }) => (json as { message: string }).message)).toEqual(['first', 'second']);
    world.cluster.next('send').fail('REFUSED', { reason: 'session_unknown' });
    expect(client.socket.frames.at(-1)).toMatchObject({ messageId: 'm1', status: 'failed' });
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['send']);
  });

  test('a session that ended behind a living socket is attached again', () => {
    const world = coreWorld();
    attachedClient(world);
    world.cluster.publish('player/1', 'self', 'muster:ended', { session: 'gateway-2#b/9' });
    expect(world.cluster.asked).toEqual([]);
    world.cluster.publish('player/1', 'self', 'muster:ended', { session: FIRST_SESSION });
    expect(world.cluster.next('attach').json).toMatchObject({ resume: true, login: 1 });
  });

  test('a session that begins anew behind a living socket has the whole state told again, also where no event was missed; one that goes on has not (K16)', () => {
    const selves = (world: CoreWorld) => world.cluster.subscriptions.filter((key) => key === 'player/1 self').length;
    for (const resumed of [false, true]) {
      const world = coreWorld();
      const { socket } = attachedClient(world);
      expect(selves(world)).toBe(1);
      world.cluster.publish('player/1', 'self', 'muster:ended', { session: FIRST_SESSION });
      world.cluster.next('attach').ok({ login: 1, resumed, watch: [], places: {} });
      expect(selves(world)).toBe(resumed ? 1 : 2);
      const before = socket.frames.length;
      world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: { party: null } });
      // Listening twice would tell it twice.
      expect(socket.frames.slice(before)).toMatchObject([{ commandId: 'user/self', data: { user: { party: null } } }]);
    }
  });

  test('who was superseded before it listened finds out from what it hears first (K12)', () => {
    const world = coreWorld();
    const client = new FakeClient(world);
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: {} });
    world.cluster.snapshot('player/1', 'self', { places: {}, session: 'gateway-2#b/9', user: {} });
    client.request('messaging/send', SEND);
    const again = world.cluster.next('attach');
    expect(again.json).toMatchObject({ session: FIRST_SESSION, resume: true, login: 1 });
    expect(world.cluster.asked).toEqual([]);
    again.fail('REFUSED', { reason: 'superseded' });
    expect(client.socket.closedWith).toEqual({ code: 1000, reason: 'this player has signed in elsewhere' });
  });

  test('after events were missed the client starts afresh; where another session holds the player, this one asks', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    world.cluster.snapshot('player/1', 'self', { places: {}, session: FIRST_SESSION, user: {} });
    expect(world.cluster.asked).toEqual([]);
    expect(client.socket.frames.at(-1)).toEqual({
      type: 'event',
      messageId: expect.any(String),
      commandId: 'user/self',
      data: { user: {} },
    });
    world.cluster.snapshot('player/1', 'self', { places: {}, session: null, user: {} });
    expect(client.socket.said).toEqual(['user/self', 'user/self', 'user/self']);
    world.cluster.next('attach').fail('REFUSED', { reason: 'superseded' });
    expect(client.socket.closedWith?.code).toBe(1000);
  });
});

test('a request that waits for the answer to another one fails in its own time, and has what is left of it once it is sent', async () => {
  const world = coreWorld();
  const client = attachedClient(world);
  client.request('lobby/join', { id: 'l' });
  await world.clock.advance(7_000);
  client.request('lobby/spectate');
  await world.clock.advance(2_000);
  client.request('lobby/join', { id: 'l' });
  const first = world.cluster.next('joinLobby');
  await world.clock.advance(7_900);
  expect(client.socket.said).toEqual(['user/self']);
  await world.clock.advance(200);
  expect(client.socket.frames.at(-1)).toMatchObject({ commandId: 'lobby/spectate', details: 'try again' });
  await world.clock.advance(900);
  first.fail('NO_OWNER');
  expect(world.cluster.next('joinLobby').deadlineMs).toBe(1_000);
});

test('an invitation that waited for another answer while it was accepted is of before: the party speaks as that of its member', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  client.request('messaging/send', SEND);
  client.request('party/acceptInvite', { partyId: 'p' });
  const party = (members: readonly string[], invited: readonly string[]): void =>
    world.cluster.publish('player/1', 'self', 'party/updated', {
      id: 'p',
      maxMembers: 3,
      members: members.map((userId) => ({ userId, joinedAt: 1 })),
      invited: invited.map((userId) => ({ userId, invitedAt: 1 })),
    });
  world.cluster.publish('player/1', 'self', 'muster:watch', { session: 'none' }, `${FIRST_SESSION}:2`);
  party(['2'], ['1']);
  party(['2', '1'], []);
  world.cluster.next('acceptPartyInvite').ok({ moved: { kind: 'party', id: 'p' }, data: null });
  world.cluster.next('send').ok();
  expect(client.socket.said.slice(1)).toEqual(['party/acceptInvite', 'messaging/send', 'party/updated']);
  expect(client.socket.frames.at(-1)).toMatchObject({ data: { invited: [] } });
});

test("K16: of a place that only its answer names a client hears nothing before `user/self`: its actor's state went back", () => {
  const world = coreWorld();
  const client = attachedClient(world);
  const lobby = (name: string) => ({ id: 'l', name, players: {}, bots: {}, spectators: { 1: { id: '1' } } });
  const renamed = (name: string) => world.cluster.publish('lobby/l', 'members', 'lobby/updated', { id: 'l', name });
  const [attach] = world.cluster.newOwner(shardOfKey('player/1'));
  attach!.ok({ login: 1, resumed: true, watch: [], places: { lobby: 'l' } });
  world.cluster.snapshot('lobby/l', 'members', lobby('a'));
  renamed('b');
  expect(client.socket.said).toEqual(['user/self']);
  client.request('lobby/spectate');
  expect(world.cluster.next('spectate').entity.id).toBe('l');
  world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: {}, places: { lobby: 'l' } });
  world.cluster.snapshot('lobby/l', 'members', lobby('b'));
  renamed('c');
  expect(client.socket.said.slice(1)).toEqual(['user/self', 'lobby/updated']);
});

test('K16: an answer that is older than the reply with which a client came into a lobby does not take it out of there', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  const lobby = { id: 'l', name: 'a', players: {}, bots: {}, spectators: { 1: { id: '1' } }, eventNumber: 1 };
  client.request('lobby/join', { id: 'l' });
  const [attach] = world.cluster.newOwner(shardOfKey('player/1'));
  world.cluster.next('joinLobby').ok({ moved: { kind: 'lobby', id: 'l', stream: 7 }, data: lobby });
  attach!.ok({ login: 1, resumed: true, watch: [], places: {} });
  world.cluster.number = 6;
  world.cluster.snapshot('lobby/l', 'members', lobby);
  world.cluster.publish('lobby/l', 'members', 'lobby/updated', { id: 'l', name: 'b', eventNumber: 2 });
  expect(client.socket.said.slice(1)).toEqual(['lobby/join', 'lobby/updated']);
});
