import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COMMANDS } from './commands.js';
import type { CommandDefinition } from './definition.js';
import { knownPartOf } from './projection.js';
import { TachyonProtocol } from './protocol.js';
import { type Schema, valuesOf, withFieldAdded } from './testdata/json-schema.test-kit.js';
import { validatorOf } from './validators.js';

const commands: readonly CommandDefinition[] = COMMANDS;
const withData = commands.filter(({ data }) => data).map((command) => [command.commandId, command.data!] as const);
const protocol = new TachyonProtocol();
const SEED = 20_261_121;

test.each(withData)('%s: what its schema names goes on as it is', (_, schema) => {
  for (const data of fc.sample(valuesOf(schema as Schema), { seed: SEED, numRuns: 20 }))
    expect(knownPartOf(schema, data)).toEqual(data);
});

test.each(withData)('%s: what its schema does not name goes no further, wherever it stands', (_, schema) => {
  const values = fc.sample(valuesOf(schema as Schema, { full: true }), { seed: SEED, numRuns: 10 });
  let littered = 0;
  for (const value of values) {
    // In a dictionary every key is data, and none has a truth value: such a value is not taken at all.
    for (const more of withFieldAdded(value, 'ofAnotherVersion', true).filter((added) => validatorOf(schema)(added))) {
      littered += 1;
      expect(knownPartOf(schema, more)).toEqual(value);
    }
  }
  expect(littered).toBeGreaterThan(0);
});

test('what an actor gets of a request is what the command knows', () => {
  const data = { target: { type: 'party', spam: 'x' }, message: 'hi', spam: ['x'] };
  const message = { type: 'request', messageId: 'm', commandId: 'messaging/send', data } as const;
  const accepted = protocol.accept(message, 'user→server', '42');
  expect(accepted.ok && accepted.data).toEqual({ target: { type: 'party' }, message: 'hi' });
});

test('data of a command without any, or left out, is nothing', () => {
  for (const commandId of ['system/serverStats', 'system/disconnect']) {
    const message = { type: 'request', messageId: 'm', commandId, data: undefined } as const;
    expect(protocol.accept(message, 'user→server', '42')).toMatchObject({ ok: true, data: undefined });
  }
  const message = { type: 'request', messageId: 'm', commandId: 'system/serverStats', data: { spam: 'x' } } as const;
  expect(protocol.accept(message, 'user→server', '42')).toMatchObject({ ok: true, data: undefined });
});
