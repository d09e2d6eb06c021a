// Pots instead of lobbies: players may be in one, stir what is in it, and see what becomes of it.
import { describe, expect, test } from '@jest/globals';
import { entity, silentTracer } from '@muster/ports';
import { COMMANDS, type CommandDefinition, TachyonProtocol } from '@muster/tachyon';
import { attachedClient, type CoreWorld, coreWorld, FakeClient, FIRST_SESSION } from '../testing/session.test-kit.js';
import type { PlaceView } from './place-feeds.js';

interface Pot {
  readonly in: readonly string[];
  readonly soup: string;
}

const potView: PlaceView<Pot> = {
  topic: 'members',
  read: (json) => json as Pot,
  after: (pot, name, data) => (name === 'pot/updated' ? { ...pot, ...(data as Partial<Pot>) } : pot),
  between: (before, after) =>
    before.soup === after.soup ? [] : [{ commandId: 'pot/updated', json: JSON.stringify({ soup: after.soup }) }],
  has: (pot, userId) => pot.in.includes(userId),
};

const pot = (commandId: string, more: Partial<CommandDefinition>): CommandDefinition => ({
  commandId: `pot/${commandId}`,
  direction: 'user→server',
  kind: 'request',
  what: 'A test.',
  example: {},
  ...more,
});
const self = (command: string) => ({ kind: 'player', id: 'caller', command }) as const;
const stir = pot('stir', {
  target: { kind: 'pot', id: 'place', command: 'stir', outside: 'not_in_pot' },
  reasons: ['not_in_pot', 'too_hot'],
});
const enter = pot('enter', { target: self('enter'), moves: 'pot', reply: { type: 'object' } as never });
const leave = pot('leave', { target: self('leave'), moves: 'pot' });
const updated = pot('updated', { direction: 'server→user', kind: 'event', source: 'pot' });

function potWorld(): CoreWorld {
  const commands = [...COMMANDS, stir, enter, leave, updated];
  return coreWorld({}, silentTracer, new TachyonProtocol({}, commands), { pot: potView });
}

function inPot(id = 'a'): { readonly world: CoreWorld; readonly client: FakeClient } {
  const world = potWorld();
  return { world, client: attachedClient(world, '1', [], false, { pot: id }) };
}

const soups = ({ socket }: FakeClient): readonly unknown[] =>
  socket.frames.filter(({ commandId }) => commandId === 'pot/updated').map(({ data }) => (data as Pot).soup);
const came = (stream: number, soup: string, id = 'a') => ({
  moved: { kind: 'pot', id, stream },
  data: { in: ['1'], soup },
});
const failure = ({ socket }: FakeClient): unknown => socket.frames.at(-1);

describe('a request to a place', () => {
  test('goes to the place that the actor named when the client signed in', () => {
    const { world, client } = inPot();
    client.request('pot/stir');
    expect(world.cluster.next('stir').entity).toEqual(entity('pot', 'a'));
  });

  test('of a client that is in none fails with the reason that the command has for it', () => {
    const world = potWorld();
    const client = attachedClient(world);
    client.request('pot/stir');
    expect(failure(client)).toMatchObject({ status: 'failed', reason: 'not_in_pot' });
    expect(world.cluster.asked).toEqual([]);
  });

  test('waits for a request before it that moves the client; others do not', () => {
    const world = potWorld();
    const client = attachedClient(world);
    client.request('pot/enter');
    client.request('pot/stir', {}, 'stirring');
    client.request('pot/enter');
    client.request('user/info', { userId: '5' });
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['enter', 'info']);
    world.cluster.next('enter').ok(came(1, 'leek'));
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['info', 'stir', 'enter']);
    world.cluster.next('enter').ok(came(1, 'leek'));
    expect(client.socket.frames.at(-1)).toMatchObject({ commandId: 'pot/enter', data: { soup: 'leek' } });
    expect(world.cluster.next('stir').entity).toEqual(entity('pot', 'a'));
    client.request('pot/leave');
    client.request('pot/stir');
    world.cluster.next('leave').ok({ moved: { kind: 'pot', id: null }, data: null });
    expect(client.socket.frames.at(-2)).toEqual({
      type: 'response',
      messageId: 'm4',
      commandId: 'pot/leave',
      status: 'success',
    });
    expect(failure(client)).toMatchObject({ reason: 'not_in_pot' });
  });

  test('waits also where it goes to the player and only speaks of the place: one does not talk in a lobby before one is in it', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('lobby/join', { id: '7' });
    for (const type of ['lobby', 'player', 'party'])
      client.request('messaging/send', { target: { type, userId: '2' }, message: type });
    const told = (): readonly unknown[] => world.cluster.asked.map(({ json }) => (json as { message: string }).message);
    expect(told()).toEqual([undefined, 'player', 'party']);
    world.cluster.next('joinLobby').ok({ moved: { kind: 'lobby', id: '7' }, data: {} });
    expect(told()).toEqual(['player', 'party', 'lobby']);
    for (const data of [undefined, null, 7, { target: null }, { target: { type: 7 } }])
      client.request('messaging/send', data);
    expect(client.socket.said.slice(-5)).toEqual(Array(5).fill('messaging/send!'));
  });

  test('waits no longer where the client was not let in', () => {
    const world = potWorld();
    const client = attachedClient(world);
    client.request('pot/enter');
    client.request('pot/stir');
    world.cluster.next('enter').fail('REFUSED', { reason: 'full' });
    expect(client.socket.said.slice(-2)).toEqual(['pot/enter!', 'pot/stir!']);
  });

  test('follows the notices of the actor, behind the replies that they come with (K16)', () => {
    const { world, client } = inPot();
    world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'pot', id: 'b' });
    client.request('pot/stir');
    expect(world.cluster.next('stir').entity.id).toBe('b');
    world.cluster.publish('player/1', 'self', 'muster:place', { session: 'another', kind: 'pot', id: 'c' });
    world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'pot', id: null });
    client.request('pot/stir');
    expect(failure(client)).toMatchObject({ reason: 'not_in_pot' });
  });
});

describe('a place that does not know the client', () => {
  test('makes the gateway ask where it is, once, and send the request again', () => {
    const { world, client } = inPot();
    client.request('pot/stir', {}, 'one');
    client.request('pot/stir', {}, 'two');
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    const asked = world.cluster.next('places');
    expect([asked.entity.id, asked.json, world.cluster.asked]).toEqual(['1', { doubt: 'pot' }, []]);
    client.request('pot/stir', {}, 'three');
    expect(world.cluster.asked).toEqual([]);
    asked.ok({ pot: 'b' });
    expect(world.cluster.asked.map(({ entity }) => entity.id)).toEqual(['b', 'b', 'b']);
    for (let i = 0; i < 3; i += 1) world.cluster.next('stir').ok();
    expect(client.socket.frames.slice(1).map(({ messageId, status }) => `${messageId} ${status}`)).toEqual([
      'one success',
      'two success',
      'three success',
    ]);
  });

  test('and whose player is nowhere, or who is not known a second time, is as one outside', () => {
    const { world, client } = inPot();
    client.request('pot/stir');
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    world.cluster.next('places').ok({});
    expect(failure(client)).toMatchObject({ reason: 'not_in_pot' });
    const other = inPot();
    other.client.request('pot/stir');
    other.world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    other.world.cluster.next('places').ok({ pot: 'a' });
    other.world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    expect(failure(other.client)).toMatchObject({ reason: 'not_in_pot' });
    expect(other.world.cluster.asked).toEqual([]);
  });

  test('and whose actor cannot be asked: the request may be tried again; other refusals stay as they are', () => {
    const { world, client } = inPot();
    client.request('pot/stir');
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    world.cluster.next('places').fail('NO_OWNER', { shard: 1 });
    expect(failure(client)).toMatchObject({ reason: 'internal_error', details: 'try again' });
    client.request('pot/stir');
    world.cluster.next('stir').fail('REFUSED', { reason: 'too_hot' });
    expect(failure(client)).toMatchObject({ reason: 'too_hot' });
  });

  test('and whose actor lost the session: that is brought back, and the request goes again', () => {
    const { world, client } = inPot();
    client.request('pot/stir');
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    world.cluster.next('places').fail('REFUSED', { reason: 'session_unknown' });
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: { pot: 'b' } });
    world.cluster.next('stir').fail('REFUSED', { reason: 'too_hot' });
    expect(failure(client)).toMatchObject({ reason: 'too_hot' });
  });

  test('a client that goes meanwhile gets nothing more', () => {
    const { world, client } = inPot();
    client.request('pot/stir');
    world.cluster.next('stir').fail('REFUSED', { reason: 'not_a_member' });
    client.session.closed();
    world.cluster.next('places').ok({ pot: 'b' });
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['detach']);
  });
});

describe('what happens in a place', () => {
  /** Came in; the reply says that the state is that of `stream`. */
  function entered(stream: number): { readonly world: CoreWorld; readonly client: FakeClient } {
    const world = potWorld();
    const client = attachedClient(world);
    client.request('pot/enter');
    world.cluster.next('enter').ok(came(stream, 'leek'));
    return { world, client };
  }
  const at = (world: CoreWorld, number: number): CoreWorld['cluster'] => {
    world.cluster.number = number - 1;
    return world.cluster;
  };

  test('is heard once per gateway, for as long as somebody is there', () => {
    const world = potWorld();
    const clients = ['1', '2'].map((player) => attachedClient(world, player, [], false, { pot: 'a' }));
    const followed = () => world.cluster.subscribed.filter((topic) => topic.startsWith('pot'));
    expect(followed()).toEqual(['pot/a members']);
    clients[0]!.session.closed();
    expect(followed()).toEqual(['pot/a members']);
    world.cluster.publish('player/2', 'self', 'muster:place', { session: 'gateway-1#a1/2', kind: 'pot', id: 'b' });
    expect(followed()).toEqual(['pot/b members']);
    clients[1]!.session.closed();
    expect(followed()).toEqual([]);
  });

  test('before the reply is in it, and after it is news (K16)', () => {
    const { world, client } = entered(7);
    at(world, 5).snapshot('pot/a', 'members', { in: [], soup: 'water' });
    at(world, 6).publish('pot/a', 'members', 'pot/updated', { soup: 'onion' });
    at(world, 7).publish('pot/a', 'members', 'pot/updated', { soup: 'leek', in: ['1'] });
    at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' });
    expect(soups(client)).toEqual(['pea']);
    // What was before the client came in says nothing about whether it is there.
    expect(world.cluster.asked).toEqual([]);
  });

  test('is not told to who is no longer in it where events were lost: its own actor says so, and is asked', () => {
    const { world, client } = entered(7);
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    at(world, 9).snapshot('pot/a', 'members', { in: ['2'], soup: 'pea' });
    expect(soups(client)).toEqual([]);
    expect(world.cluster.next('places').json).toEqual({ doubt: 'pot' });
  });

  test('between the reply and the first word of the stream is made up for', () => {
    const { world, client } = entered(7);
    at(world, 9).snapshot('pot/a', 'members', { in: ['1'], soup: 'pea' });
    at(world, 10).publish('pot/a', 'members', 'pot/updated', { soup: 'bean' });
    expect(soups(client)).toEqual(['pea', 'bean']);
  });

  test('and was lost on the way is made up for, for all who are there', () => {
    const { world, client } = entered(7);
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    at(world, 12).snapshot('pot/a', 'members', { in: ['1'], soup: 'bean' });
    at(world, 13).snapshot('pot/a', 'members', { in: ['1'], soup: 'bean' });
    expect(soups(client)).toEqual(['bean']);
  });

  test('to a client that asks to come in once more brings its view to where the place is', () => {
    const { world, client } = entered(7);
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    client.request('pot/enter');
    at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' });
    // The reply is older than what has been sent already.
    world.cluster.next('enter').ok(came(7, 'leek'));
    expect(soups(client)).toEqual(['pea', 'pea']);
  });

  test('comes after the reply to what caused it; what waited while the client came in once more is not sent, or once', () => {
    // The reply knows of what waits, or is older than that.
    for (const [stream, soup, ...then] of [[8, 'pea'] as const, [7, 'leek', 'pea'] as const]) {
      const { world, client } = entered(7);
      at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
      client.request('pot/stir');
      client.request('pot/enter');
      at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' }, `${FIRST_SESSION}:3`);
      world.cluster.next('enter').ok(came(stream, soup));
      expect(soups(client)).toEqual([]);
      world.cluster.next('stir').ok();
      expect(soups(client)).toEqual(then);
      at(world, 9).publish('pot/a', 'members', 'pot/updated', { soup: 'bean' });
      expect(soups(client)).toEqual([...then, 'bean']);
    }
  });

  test('is not told before `user/self`: a client that has just come knows of no place', () => {
    const world = potWorld();
    const client = new FakeClient(world, '1', false);
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: { pot: 'a' } });
    expect(world.cluster.subscribed).toEqual(['player/1 self']);
    const user = { userId: '1' };
    world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user, places: { pot: 'a' } });
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' });
    expect(client.socket.said).toEqual(['user/self', 'pot/updated']);
  });

  test('and waits for another reply is not told to a client that has left meanwhile', () => {
    const { world, client } = entered(7);
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    client.request('pot/stir');
    client.request('pot/leave');
    at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' }, `${FIRST_SESSION}:3`);
    world.cluster.next('leave').ok({ moved: { kind: 'pot', id: null }, data: null });
    world.cluster.next('stir').ok();
    expect(soups(client)).toEqual([]);
  });

  test('nor does a party speak to who has left it, though its word waited for the answer to an invitation', () => {
    const world = coreWorld();
    const client = attachedClient(world, '1', [], false, { party: 'p' });
    client.request('party/invite', { userId: '2' }, 'inviting');
    client.request('party/leave');
    const party = { id: 'p', maxMembers: 3, members: [], invited: [] };
    for (const id of ['p', 'q'])
      world.cluster.publish('player/1', 'self', 'party/updated', { ...party, id }, `${FIRST_SESSION}:2`);
    world.cluster.next('leaveParty').ok({ moved: { kind: 'party', id: null }, data: null });
    world.cluster.next('invite').ok();
    const told = client.socket.frames.filter(({ commandId }) => commandId === 'party/updated');
    expect(told.map(({ data }) => (data as { id: string }).id)).toEqual(['q']);
  });

  test('a place that has not got the client in its state any more makes the gateway ask', () => {
    const { world } = entered(7);
    at(world, 9).snapshot('pot/a', 'members', { in: [], soup: '' });
    world.cluster.next('places').ok({});
    expect(world.cluster.subscribed).toEqual(['player/1 self']);
  });

  const gone = (world: CoreWorld, number: number): void =>
    at(world, number).publish('pot/a', 'members', 'pot/updated', { soup: 'salt', in: [] }, '', { except: ['1'] });

  test('is not told to who was sent away, however late its own actor says so: the event with which it went was not for it', () => {
    const { world, client } = entered(7);
    at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
    gone(world, 8);
    at(world, 9).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' });
    expect([soups(client), world.cluster.asked]).toEqual([[], []]);
    at(world, 12).snapshot('pot/a', 'members', { in: [], soup: 'bean' });
    world.cluster.next('places').ok({ pot: 'a' });
    at(world, 13).publish('pot/a', 'members', 'pot/updated', { soup: 'rice' });
    expect(soups(client)).toEqual([]);
    world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'pot', id: null });
    expect(world.cluster.subscribed).toEqual(['player/1 self']);
  });

  test('is not told to who was sent away before the reply came with which it entered', () => {
    const world = potWorld();
    attachedClient(world, '2', [], false, { pot: 'a' });
    const client = attachedClient(world);
    client.request('pot/enter');
    at(world, 7).snapshot('pot/a', 'members', { in: ['1', '2'], soup: 'leek' });
    at(world, 8).publish('pot/a', 'members', 'pot/updated', { soup: 'salt', in: ['2'] }, '', { except: ['1'] });
    world.cluster.next('enter').ok(came(7, 'leek'));
    at(world, 9).publish('pot/a', 'members', 'pot/updated', { soup: 'pea' });
    expect(soups(client)).toEqual([]);
  });

  test('goes on for who is there again, from what it knew, once its actor has confirmed that; who was told that it is out begins anew', () => {
    for (const isTold of [false, true]) {
      const { world, client } = entered(7);
      at(world, 7).snapshot('pot/a', 'members', { in: ['1'], soup: 'leek' });
      gone(world, 8);
      at(world, 9).publish('pot/a', 'members', 'pot/updated', { soup: 'pea', in: ['1'] }, '', { except: ['1'] });
      const asked = world.cluster.next('places');
      expect([soups(client), asked.json]).toEqual([[], { doubt: 'pot' }]);
      const told = (id: string | null) =>
        world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'pot', id });
      if (isTold) told(null);
      asked.ok({ pot: 'a' });
      if (isTold) told('a');
      at(world, 10).publish('pot/a', 'members', 'pot/updated', { soup: 'bean' });
      expect(soups(client)).toEqual(isTold ? ['bean'] : ['pea', 'bean']);
    }
  });

  test('a place that there is not makes the gateway ask, too; what is not heard any more is counted', () => {
    const { world } = entered(7);
    world.cluster.lose('pot/a', 'members', 'NOT_FOUND');
    expect(world.cluster.next('places').json).toEqual({ doubt: 'pot' });
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'stream_lost' })).toBe(1);
  });

  test('a reply that the actor has told more than since is not believed: it is asked', () => {
    const world = potWorld();
    const client = attachedClient(world);
    client.request('pot/enter');
    world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: {}, places: {} });
    world.cluster.next('enter').ok(came(1, 'leek'));
    world.cluster.next('places').ok({});
    client.request('pot/stir');
    expect(failure(client)).toMatchObject({ reason: 'not_in_pot' });
  });
});
