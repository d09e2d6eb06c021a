import { beforeEach, expect, test } from '@jest/globals';
import type { Send } from '@muster/runtime';
import { lobbyExample } from '@muster/tachyon';
import { Stage, type Turn } from './testdata/stage.js';

const SESSION = 'g1#a/1';
const SETTINGS = { name: 'A', mapName: 'M', allyTeamConfig: [] };
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  stage.attach(SESSION);
});

/** What goes to the lobby. */
function toLobby({ sends }: Turn): readonly Send[] {
  return sends.filter(({ to }) => to.kind === 'lobby');
}

/** The lobby answers what it was sent last. */
function answered(send: Send, value: unknown): Turn {
  const { to: from, context } = send;
  return stage.internal(send.answer as 'admitAnswered', { from, context, ok: true, value });
}

function refused(send: Send, reason: string): Turn {
  const { to: from, context } = send;
  return stage.internal(send.answer as 'admitAnswered', {
    from,
    context,
    ok: false,
    code: 'REFUSED',
    details: { reason },
  });
}

function entered(id = 'l1'): { readonly op: string; readonly turn: Turn } {
  const [admit] = toLobby(stage.from(SESSION, 'joinLobby', { id }));
  return { op: (admit!.data as { op: string }).op, turn: answered(admit!, { details: lobbyExample, stream: 7 }) };
}

const from = (id: string) => ({ type: 'entity', from: { kind: 'lobby', id }, number: 1 }) as const;

test('a lobby is opened under an id that the player draws', () => {
  const turn = stage.from(SESSION, 'createLobby', SETTINGS);
  const [admit] = toLobby(turn);
  expect(turn.deferred).toBe(true);
  expect(admit).toMatchObject({
    to: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    command: 'admit',
    data: { user: { userId: '1', username: 'ann', countryCode: 'DE' }, data: { create: SETTINGS } },
  });
});

test('who comes in is answered with the details, and where their event stream goes on', () => {
  const { turn } = entered();
  expect(turn.resolved).toMatchObject([
    { reply: { moved: { kind: 'lobby', id: 'l1', stream: 7 }, data: { id: lobbyExample.id } } },
  ]);
  expect(stage.snapshot('self')).toMatchObject({ user: { currentLobby: 'l1' }, places: { lobby: 'l1' } });
});

test('the lobby need not keep its long answer: the player says another word', () => {
  const { op, turn } = entered();
  expect(toLobby(turn)).toMatchObject([{ command: 'confirm', data: { op } }]);
});

test('who is refused reads why, and is nowhere', () => {
  const [admit] = toLobby(stage.from(SESSION, 'joinLobby', { id: 'l1' }));
  expect(refused(admit!, 'lobby_full').resolved).toMatchObject([{ refuse: { reason: 'lobby_full' } }]);
  expect(stage.snapshot('self')).toMatchObject({ user: { currentLobby: null } });
});

test('one lobby at a time; the same one again brings its state', () => {
  entered();
  expect(stage.from(SESSION, 'joinLobby', { id: 'l2' }).refuse).toBe('invalid_request');
  expect(stage.from(SESSION, 'createLobby', SETTINGS).refuse).toBe('invalid_request');
  expect(toLobby(stage.from(SESSION, 'joinLobby', { id: 'l1' }))).toMatchObject([
    { command: 'admit', data: { data: {} } },
  ]);
});

test('an answer that is kept no more comes again as it is now, only where the player still is', () => {
  expect(stage.from(SESSION, 'lobbyAgain', null).refuse).toBe('internal_error');
  entered();
  const [admit] = toLobby(stage.from(SESSION, 'lobbyAgain', { id: 'l2' }));
  expect(admit).toMatchObject({ to: { id: 'l1' }, command: 'admit', data: { data: {} } });
  expect(answered(admit!, { details: lobbyExample, stream: 9 }).resolved).toMatchObject([
    { reply: { moved: { kind: 'lobby', id: 'l1', stream: 9 }, data: { id: lobbyExample.id } } },
  ]);
  const [wish] = toLobby(stage.from(SESSION, 'privateLobbyAgain', null));
  expect(answered(wish!, { details: lobbyExample, stream: 9, token: 'l1.x' }).resolved).toMatchObject([
    { reply: { data: { lobby: { id: lobbyExample.id }, token: 'l1.x' } } },
  ]);
  expect(stage.from('g1#a/9', 'lobbyAgain', null).refuse).toBe('superseded');
});

test('a private lobby is named by its token, or by id and password', () => {
  const wishes = [{ token: 'l1.secret' }, { id: 'l1', password: 'swordfish' }].map((data) => {
    stage = new Stage();
    stage.attach(SESSION);
    const [admit] = toLobby(stage.from(SESSION, 'joinPrivateLobby', data));
    return [admit!.to.id, (admit!.data as { data: unknown }).data];
  });
  expect(wishes).toEqual([
    ['l1', { key: { secret: 'secret' } }],
    ['l1', { key: { password: 'swordfish' } }],
  ]);
});

test('who leaves is answered when the lobby has heard of it; who is in none is answered at once', () => {
  const outside = stage.from(SESSION, 'leaveLobby', null);
  expect([outside.reply, outside.sends]).toEqual([{ moved: { kind: 'lobby', id: null }, data: null }, []]);
  const { op } = entered();
  const [leave] = toLobby(stage.from(SESSION, 'leaveLobby', null));
  expect(leave).toMatchObject({ command: 'leave', data: { op } });
  const turn = answered(leave!, null);
  expect([turn.resolved, turn.published]).toMatchObject([[{ reply: { moved: { kind: 'lobby', id: null } } }], []]);
});

test('who is sent away reads why; an old word says nothing', () => {
  const { op } = entered();
  const reason = { reason: 'banned', bannedUntil: 5 };
  expect(stage.internal('dismissed', { op: '1.1', reason }, from('l1')).published).toEqual([]);
  const { published } = stage.internal('dismissed', { op, reason }, from('l1'));
  expect(published).toContainEqual({ topic: 'self', name: 'lobby/left', data: { id: 'l1', ...reason } });
});

test('who is not known to its lobby any more reads that it is gone', () => {
  const { op } = entered();
  const confirmed = {
    from: { kind: 'lobby', id: 'l1' },
    context: { kind: 'lobby', op },
    ok: true,
    value: { member: false },
  };
  const { published } = stage.internal('confirmAnswered', confirmed as never);
  expect(published).toContainEqual({ topic: 'self', name: 'lobby/left', data: { id: 'l1', reason: 'lobby crashed' } });
});

test('a session that ends leaves its lobby', () => {
  const { op } = entered();
  const turn = stage.internal('detach', { session: SESSION, clean: true });
  expect(toLobby(turn)).toMatchObject([{ command: 'leave', data: { op } }]);
});
