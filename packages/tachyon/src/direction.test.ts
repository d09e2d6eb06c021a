// Who may send what, what is not served, and to which actor a command goes.
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.js';
import type { CommandDefinition, Direction } from './definition.js';
import type { RequestMessage } from './envelope.js';
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

  test('an id that no actor can have is refused', () => {
    expect(ask('user/info', { userId: '12' })).toMatchObject({ entity: { kind: 'player', id: '12' } });
    expect(ask('lobby/spectate', undefined, 'user→server', { lobby: '' })).toMatchObject({ details: 'no such id' });
    expect(ask('clan/view', { clanId: 'a\u2028b' })).toMatchObject({ reason: 'invalid_request' });
  });
});
