// Holds the definitions against the published schemas, where MUSTER_TACHYON_SCHEMA names their compiled file: everything we may send
// must fit them, and both must agree on what may come in, except where a definition says that it asks for more (`oursAlone`).
import { describe, expect, test } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { COMMANDS } from './commands.js';
import { type CommandDefinition, GENERIC_REASONS } from './definition.js';
import { FORMATS } from './formats.js';
import { TachyonProtocol } from './protocol.js';
import {
  asPublished,
  everyMutantOf,
  type Making,
  mutantsOf,
  type Schema,
  valuesOf,
} from './testdata/json-schema.test-kit.js';
import { Published } from './testdata/published.test-kit.js';
import { samples } from './testdata/samples.js';
import { validatorOf } from './validators.js';

const file = process.env.MUSTER_TACHYON_SCHEMA ?? '';
const held = file === '' ? describe.skip : describe;
const all: readonly CommandDefinition[] = COMMANDS;
/** The others are nobody's but ours. */
const commands = all.filter(({ only }) => only === undefined);
const named = commands.map((command) => [command.commandId, command] as const);
const protocol = new TachyonProtocol();

/** Values per schema, mutants of each, and values of which every mutant is tried. */
const VALUES = 12;
const MUTANTS = 4;
const FULL = 3;
/** Of a large schema the mutants of one such value are enough. */
const MUTANTS_ENOUGH = 1_000;
const SEED = 20_261_121;

describe('examples and samples', () => {
  test.each(all.map((command) => [command.commandId, command] as const))(
    'the example of %s fits its definition',
    (_, command) => {
      expect(protocol.check(command, command.example.data)).toBeUndefined();
      if (command.reply) expect([validatorOf(command.reply)(command.example.reply), command.example]).toContain(true);
    },
  );

  test.each(Object.entries(samples))('what %s must take and refuse', (id, { data, invalid }) => {
    const command = protocol.definition(id)!;
    for (const taken of data) expect([taken, protocol.check(command, taken)]).toEqual([taken, undefined]);
    for (const refused of invalid)
      expect([refused, protocol.check(command, refused)]).not.toEqual([refused, undefined]);
  });
});

held('against the published schemas', () => {
  let loaded: Published | undefined;
  const published = () => {
    loaded ??= new Published(file);
    return loaded;
  };

  test('both have the same commands', () => {
    expect(commands.map(({ commandId }) => commandId).sort()).toEqual(published().commandIds);
  });

  test.each(named)('%s has the published direction, kind, reasons and parts', (id, command) => {
    const message = published().message(id, command.kind);
    expect(`${message?.tachyon?.source}→${message?.tachyon?.target}`).toBe(command.direction);
    expect(command.data === undefined).toBe(message?.properties?.data === undefined);
    expect(command.data !== undefined && !command.dataOptional).toBe(message?.required?.includes('data'));
    if (command.kind === 'event') return;
    expect(command.reply === undefined).toBe(
      published().message(id, 'response', 'success')?.properties?.data === undefined,
    );
    const reasons = published().message(id, 'response', 'failed')?.properties?.reason?.enum ?? [];
    expect([...(command.reasons ?? []), ...GENERIC_REASONS].sort()).toEqual([...reasons].sort());
  });

  test.each(named)('every frame of %s that our definition allows is valid', (id, command) => {
    const { data: more = [], replies = [] } = samples[id] ?? {};
    const head = { messageId: 'm', commandId: id };
    const sent = [command.example.data, ...more, ...(command.data ? sampleOf(command.data) : [])];
    const frames: object[] = sent.map((data) => ({ type: command.kind, ...head, data }));
    const answers = [command.example.reply, ...replies, ...(command.reply ? sampleOf(command.reply) : [])];
    if (command.kind === 'request')
      frames.push(...answers.map((data) => ({ type: 'response', ...head, status: 'success', data })));
    const refused = frames.flatMap((frame) => {
      const errors = published().errors(frame);
      return errors === null ? [] : [{ frame, errors }];
    });
    expect(refused).toEqual([]);
  });

  test.each(named.filter(([, { data }]) => data))('%s: both take and refuse the same data', (id, command) => {
    agree(command.data!, published().message(id, command.kind)!.properties!.data!, published(), (data) => ({
      type: command.kind,
      messageId: 'm',
      commandId: id,
      data,
    }));
  });

  test.each(named.filter(([, { reply }]) => reply))('%s: both take and refuse the same answers', (id, command) => {
    agree(command.reply!, published().message(id, 'response', 'success')!.properties!.data!, published(), (data) => ({
      type: 'response',
      messageId: 'm',
      commandId: id,
      status: 'success',
      data,
    }));
  });
});

/** Values that fit a schema of ours, every bound of it included. */
function sampleOf(schema: Schema): unknown[] {
  return fc.sample(valuesOf(schema), { seed: SEED, numRuns: VALUES });
}

/** Values of both schemas and mutants of them: one verdict. */
function agree(ours: Schema, theirs: Schema, published: Published, frame: (data: unknown) => object): void {
  const relaxed = asPublished(ours);
  const validate = compile(relaxed);
  const corpus = [...valuesAndMutants(relaxed, {}), ...valuesAndMutants(theirs, { resolve: published.resolve })];
  const verdicts = new Set<boolean>();
  const disputed = corpus.flatMap((data) => {
    const taken = validate(data);
    const errors = published.errors(frame(data));
    verdicts.add(taken);
    return taken === (errors === null) ? [] : [{ data, ours: validate.errors ?? null, theirs: errors }];
  });
  expect(disputed).toEqual([]);
  // A corpus of which everything is taken would prove little.
  expect([...verdicts].sort()).toEqual([false, true]);
}

function valuesAndMutants(schema: Schema, making: Making): readonly unknown[] {
  const made: unknown[] = [];
  for (const value of fc.sample(valuesOf(schema, making), { seed: SEED, numRuns: VALUES }))
    made.push(value, ...fc.sample(mutantsOf(value), { seed: SEED, numRuns: MUTANTS }));
  // Of values with everything in them, whatever one change can make.
  const enough = made.length + MUTANTS_ENOUGH;
  for (const value of fc.sample(valuesOf(schema, { ...making, full: true }), { seed: SEED, numRuns: FULL }))
    if (made.length < enough) made.push(...everyMutantOf(value));
  return made;
}

function compile(schema: object): ValidateFunction {
  return new Ajv({ strict: false, formats: { ...FORMATS } }).compile(schema);
}
