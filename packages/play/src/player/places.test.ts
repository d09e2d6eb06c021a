// A player's lobby and party over the life of its session: who stays where, and what its gateway is told.
import { describe, expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Outcome } from '@muster/runtime';
import { allyTeams } from '../lobby/testdata/room.test-kit.js';
import { orderOf } from '../membership/protocol.js';
import type { Moved, PlaceNotice, SelfSnapshot } from './contract.js';
import { Stage } from './testdata/stage.js';
import { Town } from './testdata/town.js';

const a = 'g1#a/1';
const LOBBY = { name: 'A', mapName: 'Comet', allyTeamConfig: allyTeams(1, 1), areBossesEnabled: false };

class Life {
  readonly town = new Town('ann', 'bob');

  /** Ann is in a lobby and in a party. */
  async begin(): Promise<this> {
    await this.town.signIn('1', a);
    for (const command of ['createLobby', 'createParty'] as const)
      expect(await this.does(command, LOBBY)).toHaveProperty('moved');
    return this;
  }

  /** What the actor replies, as a gateway reads it. */
  async does(command: string, data: unknown = {}, session = a): Promise<unknown> {
    const request = this.town.askOf(entity('player', '1'), '1', session, command, data);
    await this.town.clock.advance(30);
    const [reply] = this.town.seen.flatMap((seen) =>
      seen.type === 'reply' && seen.request === request ? [seen.outcome] : [],
    );
    const outcome = reply as Outcome;
    return outcome.ok ? (JSON.parse(outcome.json) as Moved) : outcome.details.reason;
  }

  /** Where the player is, as a new listener is told: `party,lobby`. */
  async where(): Promise<string> {
    this.town.seen.length = 0;
    await this.town.listen('g9#z', '1', 'self');
    await this.town.clock.advance(5);
    const told = this.town.seen.find((seen) => seen.type === 'event' && seen.gateway === 'g9#z');
    const { places, user } = (told as { data: SelfSnapshot }).data;
    expect([user?.currentLobby ?? undefined, user?.party?.id]).toEqual([places.lobby, places.party]);
    return Object.keys(places).sort().reverse().join();
  }

  async passes(ms: number): Promise<void> {
    await this.town.clock.advance(ms);
  }
}

describe('a player in a lobby and a party', () => {
  const life = (): Promise<Life> => new Life().begin();

  test('is told where it is by reply and by notice', async () => {
    const l = new Life();
    await l.town.signIn('1', a);
    const { moved } = (await l.does('createLobby', LOBBY)) as Moved;
    expect(moved).toMatchObject({ kind: 'lobby', id: expect.any(String), stream: expect.any(Number) });
    const notices = l.town.seen.flatMap((seen) =>
      seen.type === 'event' && seen.name === 'muster:place' ? [seen.data] : [],
    );
    expect(notices as PlaceNotice[]).toEqual([{ session: a, kind: 'lobby', id: moved.id }]);
    expect(await l.does('leaveLobby')).toEqual({ moved: { kind: 'lobby', id: null }, data: null });
    expect(await l.where()).toBe('');
  });

  test('stays there when another connection takes over, which learns of it at once', async () => {
    const l = await life();
    const session = 'g2#b/1';
    const reply = (await l.does('attach', { session, gateway: 'g2#b', resume: false }, session)) as { places: object };
    expect(Object.keys(reply.places).sort()).toEqual(['lobby', 'party']);
    expect(await l.where()).toBe('party,lobby');
  });

  test('stays there while its connection is lost and comes back within the grace', async () => {
    const l = await life();
    l.town.runtime.forgetSubscriber('g1#a');
    await l.passes(29_000);
    expect(await l.where()).toBe('party,lobby');
  });

  test('leaves both when its grace runs out', async () => {
    const l = await life();
    l.town.runtime.forgetSubscriber('g1#a');
    await l.passes(31_000);
    expect(await l.where()).toBe('');
  });

  test('leaves both at once when it signs out, its battle too', async () => {
    const l = await life();
    await l.does('detach', { session: a, clean: true });
    expect(await l.where()).toBe('');
  });

  test('does not end by time while a battle runs; after the battle it has the whole grace', () => {
    const stage = new Stage();
    stage.attach(a);
    const battle = { type: 'entity', from: entity('match', 'm'), number: 1 } as const;
    const access = {} as never;
    stage.internal('battleStart', { battleId: 'm', battle: access }, battle);
    stage.internal('connectionLost', { subscriber: 'g1#a' });
    stage.now += 30_000;
    expect(stage.internal('graceOver', { session: a }).published).toEqual([]);
    stage.now += 5_000;
    const over = { battleId: 'm', players: [], spectators: [], winningAllyTeamIds: [] };
    const { timers } = stage.internal('battleOver', over, battle);
    expect(timers).toContainEqual(expect.objectContaining({ name: 'grace', at: stage.now + 30_000 }));
    expect(stage.state.session).not.toBeNull();
    stage.now += 30_000;
    stage.internal('graceOver', { session: a });
    expect(stage.state.session).toBeNull();
  });

  test('that is asked by its gateway says where it is, and asks the place that was doubted', async () => {
    const l = await life();
    const said = (await l.does('places', { doubt: 'party' })) as Record<string, string>;
    expect(Object.keys(said).sort()).toEqual(['lobby', 'party']);
    expect(await l.where()).toBe('party,lobby');
    l.town.forget(entity('party', said.party!));
    await l.passes(50);
    await l.does('places', { doubt: 'party' });
    await l.passes(50);
    expect(await l.where()).toBe('lobby');
    expect(await l.does('places', {}, 'g7#q/1')).toBe('superseded');
  });
});

test('only places speak of memberships', () => {
  const stage = new Stage();
  stage.attach(a);
  const stranger = { type: 'entity', from: entity('player', '2'), number: 1 } as const;
  expect(stage.internal('dismissed', { op: '1.1', reason: '' }, stranger).refuse).toBe('unauthorized');
  expect(stage.internal('confirm', { op: '1.1' }, stranger).refuse).toBe('unauthorized');
  expect(stage.internal('confirm', { op: '1.1' }, { ...stranger, from: entity('party', 'p') }).reply).toEqual({
    member: false,
  });
});

test('who waits for a place when another connection takes over waits no longer; the player comes in all the same', () => {
  const stage = new Stage();
  stage.attach(a);
  const asked = stage.from(a, 'joinLobby', { id: 'l' });
  expect(asked).toMatchObject({ deferred: true, sends: [{ to: { kind: 'lobby', id: 'l' }, command: 'admit' }] });
  const takeOver = stage.attach('g2#b/1');
  expect(takeOver.resolved).toEqual([{ ticket: 't2', refuse: { reason: 'superseded' } }]);
  const answer = {
    from: { kind: 'lobby', id: 'l' },
    context: asked.sends[0]!.context,
    ok: true,
    value: { details: {}, stream: 4 },
  } as const;
  // No reply tells the new connection: it would hear of a lobby in which it believes itself not to be.
  const { published } = stage.internal('admitAnswered', answer);
  expect(published).toEqual([
    { topic: 'self', name: 'user/self', data: { user: expect.objectContaining({ userId: '1', currentLobby: 'l' }) } },
    { topic: 'self', name: 'muster:place', data: { session: 'g2#b/1', kind: 'lobby', id: 'l' } },
  ]);
});

test.each(['joinLobby', 'joinRoom'] as const)(
  'K12: who lost its last second and goes on where the clock is behind is not taken for who it was before: %s',
  (command) => {
    const opAfter = (lead: number, adopted: boolean): number => {
      const stage = new Stage();
      stage.attach(a);
      stage.now += lead;
      if (adopted) stage.internal('adopted', { how: 'loaded', mayLack: true });
      const { sends } = stage.from(a, command, { id: 'l', room: 'main' });
      return orderOf((sends.find(({ command: sent }) => sent === 'admit')!.data as { readonly op: string }).op);
    };
    expect(opAfter(-2_000, true)).toBeGreaterThan(opAfter(0, false));
  },
);

test('requests that wait for one place are bounded, and there is one way at a time', () => {
  const stage = new Stage('1', undefined, { placeRequestsMax: 2 });
  stage.attach(a);
  stage.from(a, 'joinLobby', { id: 'l' });
  expect(stage.from(a, 'joinLobby', { id: 'other' }).refuse).toBe('invalid_request');
  expect(stage.from(a, 'joinLobby', { id: 'l' }).deferred).toBe(true);
  expect(stage.from(a, 'joinLobby', { id: 'l' }).refuse).toBe('invalid_request');
});
