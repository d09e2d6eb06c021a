// Who may send what, what is not served, and the limits of our own: for all commands, as if all were served where that matters.
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@muster/ports';
import { COMMANDS } from './commands.js';
import type { CommandDefinition, Direction } from './definition.js';
import type { RequestMessage, ResponseMessage } from './envelope.js';
import { requestFrame } from './frames.js';
import { LIMITS } from './limits.js';
import { lobbyExample } from './lobby.js';
import { TachyonProtocol } from './protocol.js';

const commands: readonly CommandDefinition[] = COMMANDS;
const protocol = new TachyonProtocol();
const allServed = new TachyonProtocol(
  {},
  commands.map(({ unserved, ...definition }) => definition),
);
const places = { lobby: 'L1', party: 'P1', clan: 'C1', match: 'M1' };

function ask(
  commandId: string,
  data?: unknown,
  sent: Direction = 'user→server',
  at = places as Partial<typeof places>,
) {
  const type = allServed.definition(commandId)?.kind ?? 'request';
  return allServed.accept({ type, messageId: 'm', commandId, data } as RequestMessage, sent, '42', at);
}

const incoming = commands.filter(({ target }) => target);
const outgoing = commands.filter(({ target }) => !target);

test('a command comes in and has a target, or is sent and has a source', () => {
  for (const { commandId, direction, target, source } of commands)
    expect([commandId, target !== undefined, source !== undefined]).toEqual(
      direction.endsWith('server') ? [commandId, true, false] : [commandId, false, true],
    );
});

describe('direction', () => {
  test.each(incoming.map((command) => [command.commandId, command] as const))(
    '%s is taken from those who may send it and is unauthorized for others',
    (id, { direction, example }) => {
      expect(ask(id, example.data, direction)).toMatchObject({ ok: true });
      const other = direction === 'user→server' ? 'autohost→server' : 'user→server';
      expect(ask(id, example.data, other)).toMatchObject({
        ok: false,
        reason: 'unauthorized',
        details: `only ${direction === 'user→server' ? 'a user' : 'an autohost'} may send ${id}`,
      });
    },
  );

  test.each(outgoing.map((command) => [command.commandId, command] as const))(
    '%s is sent by the server: from a client it does not exist',
    (id, { example }) => {
      for (const sent of ['user→server', 'autohost→server'] as const)
        expect(ask(id, example.data, sent)).toMatchObject({ ok: false, reason: 'command_unimplemented' });
    },
  );

  test('an event that comes as a request is unimplemented, and says what it is', () => {
    const message = { type: 'request', messageId: 'm', commandId: 'autohost/status', data: {} } as const;
    expect(allServed.accept(message, 'autohost→server', '9')).toMatchObject({
      reason: 'command_unimplemented',
      details: 'autohost/status is sent as an event',
    });
  });
});

test.each(
  commands.filter(({ unserved, target }) => unserved && target).map((command) => [command.commandId, command] as const),
)(
  '%s has a definition and nobody who serves it: unimplemented, whatever its data',
  (commandId, { kind: type, direction, example }) => {
    for (const data of [example.data, { nonsense: 1 }])
      expect(
        protocol.accept({ type, messageId: 'm', commandId, data } as RequestMessage, direction, '42', places),
      ).toEqual({
        ok: false,
        reason: 'command_unimplemented',
        details: `${commandId} is not served yet`,
      });
  },
);

describe('the actor that a command goes to', () => {
  test('a lobby command goes to the lobby that the caller is in', () => {
    expect(ask('lobby/addBot', { allyTeam: '0', shortName: 'BARb' })).toMatchObject({
      ok: true,
      entity: { kind: 'lobby', id: 'L1' },
      command: 'addBot',
    });
  });

  test('what changes a membership goes to the player, who owns it', () => {
    for (const [id, data] of [
      ['lobby/join', { id: 'L2' }],
      ['party/create', undefined],
      ['clan/leave', undefined],
    ] as const)
      expect(ask(id, data)).toMatchObject({ entity: { kind: 'player', id: '42' } });
  });

  test('who is in no such place is told so, with the specific reason where the command has one', () => {
    expect(ask('lobby/spectate', undefined, 'user→server', {})).toMatchObject({ reason: 'not_in_lobby' });
    expect(ask('party/cancelInvite', { userId: '1' }, 'user→server', {})).toMatchObject({ reason: 'not_in_party' });
    expect(ask('matchmaking/ready', undefined, 'user→server', {})).toMatchObject({ reason: 'no_match' });
    expect(ask('lobby/update', { name: 'x' }, 'user→server', {})).toEqual({
      ok: false,
      reason: 'invalid_request',
      details: 'you are in no lobby',
    });
  });

  test('an id from the data that no actor can have is refused', () => {
    expect(ask('clan/view', { clanId: '12' })).toMatchObject({ entity: { kind: 'clan', id: '12' } });
    expect(ask('clan/view', { clanId: 'a\u2028b' })).toMatchObject({ reason: 'invalid_request' });
  });
});

describe('limits of our own', () => {
  const create = { name: 'n', mapName: 'm', allyTeamConfig: [] };
  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));
  const box = lobbyExample.allyTeamConfig['0']!.startBox;

  test.each([
    [
      '10,000 tags',
      'lobby/create',
      { ...create, tags: many(10_000, {}) },
      '/data/tags must NOT have more than 32 properties',
    ],
    [
      '10,000 options',
      'lobby/update',
      { gameOptions: many(10_000, { value: '1' }) },
      '/data/gameOptions must NOT have more',
    ],
    [
      'a long option',
      'lobby/update',
      { gameOptions: { a: { value: 'x'.repeat(LIMITS.optionLengthMax + 1) } } },
      '/value must NOT',
    ],
    [
      'a long key',
      'lobby/update',
      { tags: { ['k'.repeat(65)]: {} } },
      '/data/tags must NOT have more than 64 characters',
    ],
    ['a key with a control character', 'lobby/update', { tags: { 'a\u0000': {} } }, '/data/tags must have no control'],
    [
      'a name with a line break',
      'lobby/create',
      { ...create, name: 'a\nb' },
      '/data/name must have no control characters',
    ],
    [
      'a name that turns the line around',
      'lobby/create',
      { ...create, name: 'a\u202eb' },
      '/data/name must have no control',
    ],
    [
      'half a character',
      'clan/create',
      { name: 'a\ud83d', tag: 'ABC', language: 'en' },
      '/data/name must have no control',
    ],
    ['an empty name', 'lobby/create', { ...create, name: '' }, '/data/name must NOT have fewer than 1 characters'],
    ['a long name', 'lobby/create', { ...create, name: 'x'.repeat(129) }, '/data/name must NOT have more than 128'],
    [
      '65 ally teams',
      'lobby/create',
      { ...create, allyTeamConfig: Array.from({ length: 65 }, () => ({ maxTeams: 1, startBox: box, teams: [] })) },
      '/data/allyTeamConfig must NOT have more than 64 items',
    ],
    [
      'a team of thousands',
      'lobby/create',
      { ...create, allyTeamConfig: [{ maxTeams: 5_000, startBox: box, teams: [] }] },
      '/maxTeams must be <= 254',
    ],
    [
      'a time that is no time',
      'lobby/kickban',
      { userId: '1', banUntil: 1e300 },
      '/data/banUntil must be <= 9007199254740991',
    ],
    [
      'a report on everybody',
      'user/report',
      { userIds: Array.from({ length: 101 }, () => '1'), reason: { type: 'x' } },
      '/data/userIds must NOT have more than 100 items',
    ],
    [
      'a report on nobody',
      'user/report',
      { userIds: [], reason: { type: 'x' } },
      '/data/userIds must NOT have fewer than 1 items',
    ],
    ['an id that is a novel', 'lobby/join', { id: 'x'.repeat(65) }, '/data/id must NOT have more than 64 characters'],
  ])('%s: refused with the path and the limit', (_, commandId, data, details) => {
    const answer = ask(commandId, data);
    expect(answer).toMatchObject({ ok: false, reason: 'invalid_request' });
    expect(answer.ok ? '' : answer.details).toContain(details);
  });

  test('names of all scripts, emoji with joiners included, are taken', () => {
    for (const name of ['Пользователь', '楽しいロビー', '👩‍🚀 crew', 'עברית', "O'Neill <3 [x]"])
      expect([name, ask('lobby/create', { ...create, name })]).toMatchObject([name, { ok: true }]);
  });

  test('a user id that is no number has the reason of the command', () => {
    expect(ask('friend/sendRequest', { to: 'bob' })).toMatchObject({ reason: 'invalid_user' });
    expect(ask('lobby/kickban', { userId: 'bob' })).toMatchObject({
      reason: 'invalid_request',
      details: '/data/userId must be a user id: a decimal number',
    });
  });

  test('an autohost that tells of battles which can not be is refused', () => {
    const update = { type: 'engine_quit' };
    const tell = (data: object) => ask('autohost/update', data, 'autohost→server');
    expect(tell({ battleId: 'x', time: 1, update })).toMatchObject({
      details: '/data/battleId must match format "uuid"',
    });
    const battleId = '75bfc493-2b9d-495d-a453-06722fdca2ea';
    expect(tell({ battleId, time: -1, update })).toMatchObject({ details: '/data/time must be >= 0' });
    expect(tell({ battleId, time: 1, update: { type: 'explosion' } })).toMatchObject({ reason: 'invalid_request' });
    expect(tell({ battleId, time: 1, update })).toMatchObject({ ok: true, entity: { kind: 'autohost', id: '42' } });
  });

  test('the deepest frames of all commands are well within the depth that is read', () => {
    const deepest = Math.max(...commands.map(({ example }) => Math.max(depthOf(example.data), depthOf(example.reply))));
    expect(deepest + 1).toBeLessThanOrEqual(9);
    for (const { commandId, example } of commands)
      expect(protocol.parse(requestFrame('m', commandId, JSON.stringify(example.data ?? {}))).commandId).toBe(
        commandId,
      );
  });
});

describe('answers of clients to the server', () => {
  const answer = (fields: Partial<ResponseMessage>, commandId = 'autohost/start') =>
    protocol.answer(
      {
        type: 'response',
        messageId: 'm',
        commandId,
        status: 'success',
        reason: '',
        details: undefined,
        data: undefined,
        ...fields,
      },
      'autohost/start',
    );

  test('data that fits is the answer', () => {
    const data = { ips: ['192.0.2.7', '::1'], port: 20_001 };
    expect(answer({ data })).toEqual({ ok: true, data });
  });

  test.each([
    [undefined, '/data must be object'],
    [{ ips: ['192.0.2.7'] }, "/data must have required property 'port'"],
    [{ ips: ['192.0.2.7'], port: 80 }, '/data/port must be >= 1024'],
    [{ ips: ['example.org'], port: 20_001 }, '/data/ips/0 must match format "ipv4"'],
  ])('%j is no answer', (data, details) => {
    expect(answer({ data })).toEqual({ ok: false, reason: 'internal_error', details });
  });

  test('a reason that the command knows is kept, another is told of', () => {
    const failed = { status: 'failed', data: undefined } as const;
    expect(answer({ ...failed, reason: 'engine_version_not_available' })).toMatchObject({
      reason: 'engine_version_not_available',
    });
    expect(answer({ ...failed, reason: 'tired', details: 'x'.repeat(400) })).toMatchObject({
      reason: 'internal_error',
      details: expect.stringMatching(/^tired: x{248}…$/),
    });
  });

  test('an answer to another command ends the connection', () => {
    let code: string | undefined;
    try {
      answer({}, 'autohost/kill');
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('BAD_MESSAGE');
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
