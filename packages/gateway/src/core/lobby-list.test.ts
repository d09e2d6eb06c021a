import { beforeEach, describe, expect, test } from '@jest/globals';
import { listPartOf, mergePatch } from '@muster/play';
import { entityKey } from '@muster/ports';
import { type LobbyOverview, TachyonProtocol } from '@muster/tachyon';
import { attachedClient, type CoreWorld, coreWorld, type FakeClient } from '../testing/session.test-kit.js';

const protocol = new TachyonProtocol();
let world: CoreWorld;

beforeEach(() => {
  world = coreWorld();
});

function overview(id: string, changes: Partial<LobbyOverview> = {}): LobbyOverview {
  const versions = { mapName: 'Comet', engineVersion: '1', gameVersion: 'g' };
  return { id, name: id, playerCount: 1, maxPlayerCount: 4, ...versions, currentBattle: null, tags: {}, ...changes };
}

function partOf(id: string): string {
  return entityKey(listPartOf(id));
}

/** Every part has these lobbies, as far as they are its own. */
function gathered(...lobbies: readonly LobbyOverview[]): void {
  for (let part = 0; part < 16; part += 1) {
    const own = lobbies.filter(({ id }) => partOf(id) === `lobby-list/${part}`);
    world.cluster.snapshot(`lobby-list/${part}`, 'list', Object.fromEntries(own.map((line) => [line.id, line])));
  }
}

function changed(id: string, line: LobbyOverview | null): void {
  world.cluster.publish(partOf(id), 'list', 'changed', { [id]: line });
}

/** What the client was told of the list since the last call, each frame held against its definition. */
function told(client: FakeClient): readonly (readonly [string, unknown])[] {
  const frames = client.socket.frames.splice(0).filter(({ commandId }) => String(commandId).startsWith('lobby/'));
  return frames.map(({ commandId, type, data }) => {
    if (type !== 'event') return [String(commandId), type];
    expect(protocol.check(protocol.definition(String(commandId))!, data)).toBeUndefined();
    return [String(commandId).replace('lobby/', ''), (data as { lobbies: unknown }).lobbies];
  });
}

async function second(): Promise<void> {
  await world.clock.advance(1_000);
}

test('after the response comes the whole list, then once a second what changed', async () => {
  const client = attachedClient(world);
  told(client);
  client.request('lobby/subscribeList');
  expect(told(client)).toEqual([['lobby/subscribeList', 'response']]);
  gathered(overview('a'), overview('b'));
  expect(told(client)).toEqual([['listReset', { a: overview('a'), b: overview('b') }]]);
  changed('a', overview('a', { playerCount: 2 }));
  changed('a', overview('a', { playerCount: 3, currentBattle: { startedAt: 1 } }));
  changed('b', null);
  changed('c', overview('c'));
  changed('d', overview('d'));
  changed('d', null);
  expect(told(client)).toEqual([]);
  await second();
  expect(told(client)).toEqual([
    ['listUpdated', { a: { id: 'a', playerCount: 3, currentBattle: { startedAt: 1 } }, b: null, c: overview('c') }],
  ]);
  changed('a', overview('a', { playerCount: 3 }));
  await second();
  expect(told(client)).toEqual([['listUpdated', { a: { id: 'a', currentBattle: null } }]]);
  await second();
  expect(told(client)).toEqual([]);
});

test('whoever comes gets the list of the last frame: merging what follows makes the same of everybody', async () => {
  const views: unknown[] = [{}, {}];
  const clients = [attachedClient(world, '1'), attachedClient(world, '2')];
  const look = () =>
    clients.forEach((client, i) => {
      for (const [what, lobbies] of told(client))
        if (what !== 'lobby/subscribeList') views[i] = mergePatch(what === 'listReset' ? {} : views[i], lobbies);
    });
  clients[0]!.request('lobby/subscribeList');
  gathered(overview('a', { tags: { x: {} } }));
  changed('a', overview('a', { tags: { y: {} } }));
  clients[1]!.request('lobby/subscribeList');
  look();
  expect((views[1] as Record<string, LobbyOverview>).a!.tags).toEqual({ x: {} });
  await second();
  look();
  expect(views[1]).toEqual(views[0]);
  expect((views[1] as Record<string, LobbyOverview>).a!.tags).toEqual({ y: {} });
});

test('asking twice changes nothing; who wants it no longer, or is gone, hears nothing', async () => {
  const [a, b] = [attachedClient(world, '1'), attachedClient(world, '2')];
  for (const client of [a, b]) client.request('lobby/subscribeList');
  gathered();
  told(a);
  a.request('lobby/subscribeList');
  expect(told(a)).toEqual([['lobby/subscribeList', 'response']]);
  a.request('lobby/unsubscribeList');
  b.session.closed();
  told(a);
  told(b);
  changed('a', overview('a'));
  await second();
  expect([told(a), told(b)]).toEqual([[], []]);
});

test('the parts are followed once for all, and no longer when nobody has shown the list for a while', async () => {
  const client = attachedClient(world);
  client.request('lobby/subscribeList');
  expect(world.cluster.subscribed.filter((key) => key.startsWith('lobby-list/'))).toHaveLength(16);
  client.request('lobby/unsubscribeList');
  await world.clock.advance(29_000);
  expect(world.cluster.subscribed.filter((key) => key.startsWith('lobby-list/'))).toHaveLength(16);
  await world.clock.advance(2_000);
  expect(world.cluster.subscribed.filter((key) => key.startsWith('lobby-list/'))).toEqual([]);
});

describe('a part of the list', () => {
  test('that does not come does not hold up the others for ever', async () => {
    const client = attachedClient(world);
    client.request('lobby/subscribeList');
    told(client);
    world.cluster.snapshot(partOf('a'), 'list', { a: overview('a') });
    await world.clock.advance(2_000);
    expect(told(client)).toEqual([]);
    await second();
    expect(told(client)).toEqual([['listReset', { a: overview('a') }]]);
  });

  test('that was lost fills again without anybody seeing it; what is not said again is gone in the end', async () => {
    const client = attachedClient(world);
    client.request('lobby/subscribeList');
    gathered(overview('a'), overview('b'));
    told(client);
    gathered();
    await world.clock.advance(10_000);
    changed('a', overview('a'));
    expect(told(client)).toEqual([]);
    await world.clock.advance(10_000);
    expect(told(client)).toEqual([['listUpdated', { b: null }]]);
  });

  test('that refuses is asked again', async () => {
    const client = attachedClient(world);
    client.request('lobby/subscribeList');
    gathered();
    told(client);
    world.cluster.lose(partOf('a'), 'list', 'TOO_MANY_REQUESTS');
    await second();
    world.cluster.snapshot(partOf('a'), 'list', { a: overview('a') });
    await second();
    expect(told(client)).toEqual([['listUpdated', { a: overview('a') }]]);
  });
});
