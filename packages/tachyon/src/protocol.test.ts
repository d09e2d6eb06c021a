import { expect, test } from '@jest/globals';
import { MusterError } from '@muster/ports';
import { Type } from '@sinclair/typebox';
import { closeReason, closingOf } from './closing.js';
import { commandsById } from './commands.js';
import { defineCommand } from './definition.js';
import type { RequestMessage } from './envelope.js';
import { eventFrame, failureFrame, requestFrame, responseFrame } from './frames.js';
import { TachyonProtocol } from './protocol.js';

const protocol = new TachyonProtocol();

function ask(commandId: string, data?: unknown, type: 'request' | 'event' = 'request') {
  return protocol.accept({ type, messageId: 'm', commandId, data } as RequestMessage, 'user→server', '42');
}

test('a request goes to the actor of the player who asks', () => {
  expect(ask('user/subscribeUpdates', { userIds: ['7'] })).toMatchObject({
    ok: true,
    entity: { kind: 'player', id: '42' },
    command: 'subscribeUpdates',
  });
});

test('a request about another player goes to the actor of that player', () => {
  expect(ask('user/info', { userId: '7' })).toMatchObject({ entity: { kind: 'player', id: '7' }, command: 'info' });
});

test('the gateway answers what is about the connection or the whole server', () => {
  expect(ask('system/serverStats')).toMatchObject({ ok: true, entity: undefined });
  expect(ask('system/disconnect', { reason: 'bye' })).toMatchObject({ ok: true, entity: undefined });
  expect(ask('system/disconnect')).toMatchObject({ ok: true });
});

test.each(['chess/move', '__proto__', 'toString', 'user/self', 'messaging/received'])(
  '%s is unimplemented as a request',
  (id) => {
    expect(ask(id, {})).toMatchObject({ ok: false, reason: 'command_unimplemented' });
  },
);

test('a request that is sent as an event is unimplemented', () => {
  expect(ask('user/info', { userId: '7' }, 'event')).toMatchObject({ ok: false, reason: 'command_unimplemented' });
});

test.each([
  ['user/info', undefined, 'invalid_request', '/data must be object'],
  ['user/info', 'x', 'invalid_request', '/data must be object'],
  ['user/info', {}, 'invalid_request', "/data must have required property 'userId'"],
  ['user/info', { userId: 7 }, 'invalid_request', '/data/userId must be string'],
  ['user/info', { userId: 'bob' }, 'unknown_user', '/data/userId must be a user id: a decimal number'],
  ['user/info', { userId: '007' }, 'unknown_user', '/data/userId must be a user id: a decimal number'],
  ['user/subscribeUpdates', { userIds: [] }, 'invalid_request', '/data/userIds must NOT have fewer than 1 items'],
  ['user/subscribeUpdates', { userIds: ['1', 'x'] }, 'invalid_request', '/data/userIds/1 must be a user id'],
  ['user/unsubscribeUpdates', { userIds: ['x'] }, 'invalid_request', '/data/userIds/0 must be a user id'],
  ['messaging/send', { target: { type: 'player' }, message: 'a' }, 'invalid_request', '/data/target must have'],
  [
    'messaging/send',
    { target: { type: 'cat' }, message: 'a' },
    'invalid_request',
    '/data/target/type must be one of player, party, lobby',
  ],
  [
    'messaging/send',
    { target: { type: 'player', userId: 'bob' }, message: 'a' },
    'invalid_target',
    '/data/target/userId',
  ],
  ['messaging/send', { target: { type: 'party' }, message: 'a'.repeat(513) }, 'message_too_long', '/data/message'],
  [
    'messaging/subscribeReceived',
    { since: { type: 'marker' } },
    'invalid_request',
    "/data/since must have required property 'value'",
  ],
  ['messaging/subscribeReceived', undefined, 'invalid_request', '/data must be object'],
] as const)('%s with %j fails with %s', (commandId, data, reason, details) => {
  const answer = ask(commandId, data);
  expect(answer).toMatchObject({ ok: false, reason });
  expect(answer.ok ? '' : answer.details).toContain(details);
});

test('512 characters are counted as characters, not as bytes or UTF-16 units', () => {
  expect(ask('messaging/send', { target: { type: 'lobby' }, message: '😀'.repeat(512) })).toMatchObject({ ok: true });
});

test('fields that are not in the schema are passed over', () => {
  expect(ask('user/info', { userId: '7', since: '1.24' })).toMatchObject({ ok: true });
});

test("an actor's refusal keeps a reason that the command knows and hides one that it does not", () => {
  const info = protocol.definition('user/info');
  expect(protocol.failure('REFUSED', { reason: 'unknown_user', details: '7' }, info)).toEqual({
    reason: 'unknown_user',
    details: '7',
  });
  expect(protocol.failure('REFUSED', { reason: 'out_of_cheese' }, info)).toEqual({
    reason: 'invalid_request',
    details: 'out_of_cheese',
  });
});

test('an internal error says nothing about machines', () => {
  expect(protocol.failure('NOT_OWNER', { shard: 3, peer: 'node-1#a', term: 4 })).toEqual({
    reason: 'internal_error',
    details: 'try again',
  });
  expect(protocol.failure('ACTOR_FAILED', { entity: 'player/1', command: 'info' })).toEqual({
    reason: 'internal_error',
    details: undefined,
  });
});

test('details never grow past their limit', () => {
  const { details } = protocol.failure('INVALID_REQUEST', { details: 'x'.repeat(5_000) });
  expect(details).toHaveLength(256);
});

test('details never grow past their limit where a path has keys of the client in it', () => {
  const data = Type.Record(Type.String(), Type.Integer());
  const open = defineCommand(
    { commandId: 'a/b', direction: 'user→server', kind: 'request', what: 'x', data },
    { data: {} },
  );
  expect(protocol.check(open, { ['k'.repeat(9_000)]: 'x' })?.details).toHaveLength(256);
});

test('frames are JSON whatever the client put into its ids', () => {
  const id = '"},"status":"success","\u2028';
  expect(JSON.parse(responseFrame(id, 'a/b', '{"n":1}'))).toEqual({
    type: 'response',
    messageId: id,
    commandId: 'a/b',
    status: 'success',
    data: { n: 1 },
  });
  expect(JSON.parse(responseFrame(id, 'a/b'))).not.toHaveProperty('data');
  expect(JSON.parse(failureFrame(id, id, { reason: 'r', details: '"' }))).toEqual({
    type: 'response',
    messageId: id,
    commandId: id,
    status: 'failed',
    reason: 'r',
    details: '"',
  });
  expect(JSON.parse(failureFrame(id, id, { reason: 'r' }))).not.toHaveProperty('details');
  expect(JSON.parse(eventFrame(id, 'a/b', '[]'))).toEqual({ type: 'event', messageId: id, commandId: 'a/b', data: [] });
  expect(JSON.parse(requestFrame(id, 'a/b'))).toEqual({ type: 'request', messageId: id, commandId: 'a/b' });
});

test('a connection ends with the code of the error and a reason that fits the close frame', () => {
  expect(closingOf(new MusterError('BAD_MESSAGE', { details: 'not JSON' }))).toEqual({
    code: 1008,
    reason: 'not JSON',
  });
  expect(closingOf(new MusterError('BINARY_FRAME'))).toMatchObject({ code: 1003 });
  expect(closingOf(new MusterError('SUPERSEDED'))).toMatchObject({ code: 1000 });
  expect(closingOf(new MusterError('ACTOR_FAILED'))).toMatchObject({ code: 1011 });
  expect(Buffer.byteLength(closeReason('ä'.repeat(200)))).toBe(122);
  expect(closeReason('😀'.repeat(31)).length).toBe(60);
});

test('two commands under one id are a mistake that shows at start', () => {
  const twice = defineCommand({ commandId: 'a/b', direction: 'user→server', kind: 'request', what: 'x' }, {});
  expect(() => commandsById([twice, twice])).toThrow('two commands have one id');
});
