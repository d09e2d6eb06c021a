import { expect, test } from '@jest/globals';
import type { LobbyWish } from './contract.js';
import { LobbyStage } from './testdata/lobby-stage.test-kit.js';

function asks(stage: LobbyStage, user: string, wish: LobbyWish) {
  const who = { userId: user, username: `user${user}`, countryCode: '??' };
  return stage.by(`player/${user}`, 'admit', { op: `1.${user}`, user: who, data: wish });
}

/** Opened by user 1, with this password. @returns the secret of its token */
function privateLobby(password?: string): { readonly stage: LobbyStage; readonly secret: string } {
  const stage = new LobbyStage();
  const { reply } = stage.open('1', {}, { access: password === undefined ? {} : { password } });
  return { stage, secret: (reply as { token: string }).token.replace('l1.', '') };
}

test('a private lobby is in no list; who opens it gets its token, and only who has that comes in', () => {
  const stage = new LobbyStage();
  const opened = stage.open('1', {}, { access: {} });
  const { details, token } = opened.reply as { details: object; token: string };
  expect([details, stage.sentTo(opened, /^lobby-list/)]).toMatchObject([{ isPrivate: true }, [{ overview: null }]]);
  expect(asks(stage, '2', {}).refuse).toBe('unauthorized');
  expect(asks(stage, '2', { key: { secret: 'wrong' } }).refuse).toBe('unauthorized');
  expect(asks(stage, '2', { key: { password: '' } }).refuse).toBe('unauthorized');
  expect(asks(stage, '2', { key: { secret: token.replace('l1.', '') } }).reply).toMatchObject({ details: {} });
  expect(stage.ask('2', 'token', undefined).reply).toEqual({ token });
  expect(asks(stage, '2', {}).reply).toMatchObject({ details: {} });
});

test('two lobbies have two tokens, and neither state nor events show a password', () => {
  const { stage, secret } = privateLobby('swordfish');
  expect(new LobbyStage().open('1', {}, { access: {} }).reply).not.toEqual({ token: `l1.${secret}` });
  expect(JSON.stringify(stage.state)).not.toContain('swordfish');
  expect(JSON.stringify(stage.kind.describe!(stage.state))).not.toContain(secret);
  expect(JSON.stringify(stage.snapshot('members'))).not.toContain(secret);
});

test('a password lets in; after some wrong ones its author has to wait, others have not', () => {
  const { stage } = privateLobby('swordfish');
  for (let i = 0; i < 5; i += 1) expect(asks(stage, '2', { key: { password: `p${i}` } }).refuse).toBe('unauthorized');
  expect(asks(stage, '2', { key: { password: 'swordfish' } }).refuse).toBe('unauthorized');
  expect(asks(stage, '3', { key: { password: 'swordfish' } }).refuse).toBeUndefined();
  stage.ask('1', 'setAccess', { isPrivate: true, password: 'herring' });
  expect(asks(stage, '2', { key: { password: 'swordfish' } }).refuse).toBe('unauthorized');
  expect(asks(stage, '2', { key: { password: 'herring' } }).refuse).toBeUndefined();
});

test('waiting for another guess has an end; the token is always good', () => {
  const { stage, secret } = privateLobby('swordfish');
  for (let i = 0; i < 5; i += 1) asks(stage, '2', { key: { password: `p${i}` } });
  stage.now += 60_000;
  expect(asks(stage, '2', { key: { password: 'swordfish' } }).refuse).toBeUndefined();
  for (let i = 0; i < 5; i += 1) asks(stage, '4', { key: { password: `p${i}` } });
  expect(asks(stage, '4', { key: { secret } }).refuse).toBeUndefined();
});

test('guesses are remembered of so many users only, the latest', () => {
  const { stage } = privateLobby('swordfish');
  for (let user = 100; user < 200; user += 1) asks(stage, String(user), { key: { password: 'x' } });
  expect(Object.keys(stage.state.lobby!.inside.guesses!)).toHaveLength(64);
  stage.now += 60_000;
  asks(stage, '2', { key: { password: 'x' } });
  expect(Object.keys(stage.state.lobby!.inside.guesses!)).toEqual(['2']);
});

test('who may change the settings makes a lobby private, gives it another token, and opens it again', () => {
  const stage = new LobbyStage('1', '2');
  expect(stage.ask('2', 'setAccess', { isPrivate: true }).refuse).toBe('invalid_request');
  expect(stage.ask('1', 'token', undefined).reply).toEqual({ token: null });
  stage.listAnswers();
  stage.now += 2_000;
  const closed = stage.ask('1', 'setAccess', { isPrivate: true });
  expect(closed.published[0]!.data).toMatchObject({ isPrivate: true });
  expect(stage.sentTo(closed, /^lobby-list/)).toEqual([{ overview: null }]);
  stage.listAnswers();
  expect(stage.pass(60_000).flatMap((turn) => stage.sentTo(turn, /^lobby-list/))).toEqual([]);
  const again = stage.ask('1', 'setAccess', { isPrivate: true });
  expect(again.reply).not.toEqual(closed.reply);
  const old = (closed.reply as { token: string }).token.replace('l1.', '');
  expect(asks(stage, '3', { key: { secret: old } }).refuse).toBe('unauthorized');
  const opened = stage.ask('1', 'setAccess', { isPrivate: false });
  expect([opened.reply, opened.published[0]!.data]).toMatchObject([{ token: null }, { isPrivate: null }]);
  expect(stage.sentTo(opened, /^lobby-list/)).toMatchObject([{ overview: { id: 'l1' } }]);
  expect(asks(stage, '3', {}).refuse).toBeUndefined();
});

test('a client that has missed an event gets the details, one that has not does not', () => {
  const stage = new LobbyStage('1', '2');
  expect(stage.ask('1', 'state', { since: 1 }).reply).toEqual({ eventNumber: 1 });
  expect(stage.ask('1', 'state', { since: 0 }).reply).toMatchObject({ eventNumber: 1, details: { eventNumber: 1 } });
  expect(stage.ask('1', 'state', {}).reply).toMatchObject({ details: { id: 'l1' } });
});
