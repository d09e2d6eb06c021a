// What we refuse beside the published schemas: names, sizes, times. For all commands as if all were served.
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.js';
import type { CommandDefinition, Direction } from './definition.js';
import type { RequestMessage } from './envelope.js';
import { requestFrame } from './frames.js';
import { LIMITS } from './limits.js';
import { lobbyExample } from './lobby.js';
import { TACHYON_DEFAULTS } from './options.js';
import { TachyonProtocol } from './protocol.js';
import { largestOf } from './testdata/frame-size.test-kit.js';

const commands: readonly CommandDefinition[] = COMMANDS;
const protocol = new TachyonProtocol(
  {},
  commands.map(({ unserved, ...definition }) => definition),
);

function ask(commandId: string, data?: unknown, sent: Direction = 'user→server') {
  const type = protocol.definition(commandId)?.kind ?? 'request';
  const message = { type, messageId: 'm', commandId, data } as RequestMessage;
  return protocol.accept(message, sent, '42', { lobby: 'L1' });
}

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

describe('the longest frame that is read', () => {
  /** Beside the data: braces, the names of the fields, and a message id of characters of three bytes. */
  const ENVELOPE_BYTES = 128 + 3 * TACHYON_DEFAULTS.messageIdLengthMax + TACHYON_DEFAULTS.commandIdLengthMax;
  const sent = commands.flatMap(({ commandId, direction, data, reply }) => {
    const schema = direction.startsWith('server') ? reply : data;
    return schema ? [[commandId, schema] as const] : [];
  });

  test.each(sent)('has room for every %s that is within its bounds', (_, schema) => {
    expect(largestOf(schema) + ENVELOPE_BYTES).toBeLessThanOrEqual(TACHYON_DEFAULTS.frameLengthMax);
  });

  test('is not much longer than the largest command', () => {
    const largest = Math.max(...sent.map(([, schema]) => largestOf(schema)));
    expect(largest).toBeGreaterThan(0.9 * TACHYON_DEFAULTS.frameLengthMax);
  });

  test('a lobby with all the options, teams and tags that it may have fits into it, and with more bytes of options is refused by name', () => {
    const { gameOptionsMax, tagsMax, allyTeamsMax, nameLengthMax, keyLengthMax } = LIMITS;
    const key = (n: number) => `${n}`.padEnd(keyLengthMax, 'k');
    const entries = (count: number, value: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [key(n), value]));
    const startBox = { top: 0.123456789012345, bottom: 0.123456789012345, left: 0.1, right: 1 };
    const teams = Array.from({ length: 3 }, () => ({ maxPlayers: 254 }));
    const name = '🚀'.repeat(nameLengthMax);
    const tags = entries(tagsMax, {});
    const allyTeamConfig = Array.from({ length: allyTeamsMax }, () => ({ maxTeams: 4, startBox, teams }));
    const withOptions = (length: number) => {
      const gameOptions = entries(gameOptionsMax, { value: 'v'.repeat(length) });
      return { name, mapName: name, tags, allyTeamConfig, gameOptions };
    };
    const frame = requestFrame('m', 'lobby/create', JSON.stringify(withOptions(110)));
    const { data } = protocol.parse(frame) as RequestMessage;
    expect(ask('lobby/create', data)).toMatchObject({ ok: true });
    expect(ask('lobby/create', withOptions(111 + 10))).toMatchObject({
      details: '/data/gameOptions must NOT have more than 98304 bytes',
    });
  });
});

test('what a definition asks beyond the published schema is there to be asked', () => {
  const idle = commands.flatMap(({ commandId, data, reply }) =>
    [data, reply].flatMap((schema) => (schema ? idleMarks(schema, commandId) : [])),
  );
  expect(idle).toEqual([]);
});

/** Names under `oursAlone` that name nothing: what was taken away, and its mark forgotten, would hide a difference to come. */
function idleMarks(node: unknown, where: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const {
    oursAlone = [],
    properties = {},
    required = [],
  } = node as {
    readonly oursAlone?: readonly string[];
    readonly properties?: object;
    readonly required?: readonly string[];
  };
  const idle = oursAlone.filter((mark) => {
    const [kind, name = ''] = mark.split('/');
    if (kind === 'required') return !required.includes(name);
    return name === '' ? !Object.hasOwn(node, mark) : !Object.hasOwn(properties, name);
  });
  return [
    ...idle.map((mark) => `${where} ${mark}`),
    ...Object.entries(node).flatMap(([key, inner]) => (key === 'oursAlone' ? [] : idleMarks(inner, `${where}.${key}`))),
  ];
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
