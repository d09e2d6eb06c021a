// Holds the definitions against the published schemas, where MUSTER_TACHYON_SCHEMA names their compiled file: they are data
// of another project and are not kept here. Everything we may send must fit them, and they must agree on what may come in.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { COMMANDS } from './commands.js';
import { type CommandDefinition, GENERIC_REASONS } from './definition.js';
import { eventFrame, failureFrame, requestFrame, responseFrame } from './frames.js';
import { TachyonProtocol } from './protocol.js';
import { samples } from './testdata/samples.js';

const file = process.env.MUSTER_TACHYON_SCHEMA ?? '';
const held = file === '' ? describe.skip : describe;
const all: readonly CommandDefinition[] = COMMANDS;
/** The others are nobody's but ours. */
const commands = all.filter(({ only }) => only === undefined);
const protocol = new TachyonProtocol();

interface Published {
  readonly definitions: Record<string, unknown>;
  readonly anyOf: readonly PublishedCommand[];
}

interface PublishedCommand {
  readonly tachyon?: { readonly source: string; readonly target: string };
  readonly anyOf?: readonly PublishedCommand[];
  readonly properties?: {
    readonly type: { readonly const: string };
    readonly commandId: { readonly const: string };
    readonly status?: { readonly const: string };
    readonly reason?: { readonly enum: readonly string[] };
  };
}

function dataText(data: unknown): string | undefined {
  return data === undefined ? undefined : JSON.stringify(data);
}

function load() {
  const published = JSON.parse(readFileSync(file, 'utf8')) as Published;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const all = published.anyOf.flatMap((entry) => entry.anyOf ?? [entry]);
  const find = (commandId: string, type: string, status?: string) =>
    all.find(
      ({ properties }) =>
        properties?.commandId.const === commandId &&
        properties.type.const === type &&
        properties.status?.const === status,
    );
  const errors = (text: string): unknown => {
    const frame = JSON.parse(text) as { commandId: string; type: string; status?: string };
    const schema = find(frame.commandId, frame.type, frame.status);
    if (!schema) return `no schema for ${text}`;
    const validate = ajv.compile({ ...schema, definitions: published.definitions });
    return validate(frame) ? null : validate.errors;
  };
  return { find, errors };
}

test('every command has a sample', () => {
  expect(Object.keys(samples).sort()).toEqual(all.map(({ commandId }) => commandId).sort());
});

test.each(all.map((command) => [command.commandId, command] as const))(
  'the sample of %s fits our own definition',
  (id, command) => {
    for (const data of samples[id]!.data) expect([data, protocol.check(command, data)]).toEqual([data, undefined]);
  },
);

held('against the published schemas', () => {
  test.each(commands.map((command) => [command.commandId, command] as const))(
    'every frame of %s that we may send is valid',
    (id, command) => {
      const { errors } = load();
      const frame = command.kind === 'event' ? eventFrame : requestFrame;
      for (const data of samples[id]!.data) expect(errors(frame('m', id, dataText(data)))).toBeNull();
      for (const data of samples[id]!.replies) expect(errors(responseFrame('m', id, dataText(data)))).toBeNull();
      if (command.kind === 'event') return;
      for (const reason of [...GENERIC_REASONS, ...(command.reasons ?? [])])
        expect(errors(failureFrame('m', id, { reason, details: 'd' }))).toBeNull();
    },
  );

  test.each(commands.map((command) => [command.commandId, command] as const))(
    '%s has the published direction and reasons',
    (id, command) => {
      const { find } = load();
      const schema = find(id, command.kind);
      expect(`${schema?.tachyon?.source}→${schema?.tachyon?.target}`).toBe(command.direction);
      if (command.kind === 'event') return;
      const reasons = find(id, 'response', 'failed')?.properties?.reason?.enum ?? [];
      expect([...(command.reasons ?? []), ...GENERIC_REASONS].sort()).toEqual([...reasons].sort());
    },
  );

  test.each(commands.filter(({ target }) => target).map((command) => [command.commandId, command] as const))(
    'what is invalid in %s for the published schema is invalid here too',
    (id, command) => {
      const { errors } = load();
      for (const data of samples[id]!.invalid) {
        expect([data, errors(requestFrame('m', id, JSON.stringify(data)))]).not.toEqual([data, null]);
        expect([data, protocol.check(command, data)]).not.toEqual([data, undefined]);
      }
    },
  );
});
