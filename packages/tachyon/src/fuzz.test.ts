// Whatever comes, the protocol answers in its own terms: an acceptance, a failure with a reason of the command, or an error that ends
// the connection. And whatever is sent can be read again. Seeds are fixed, so that a failure is found again.
import { expect, test } from '@jest/globals';
import { isMusterError, type MusterError } from '@muster/ports';
import fc from 'fast-check';
import { COMMANDS } from './commands.js';
import { type CommandDefinition, GENERIC_REASONS } from './definition.js';
import type { Message, RequestMessage, ResponseMessage } from './envelope.js';
import { eventFrame, failureFrame, requestFrame, responseFrame } from './frames.js';
import { TACHYON_DEFAULTS } from './options.js';
import { TachyonProtocol } from './protocol.js';
import { mutantsOf, type Schema, valuesOf } from './testdata/json-schema.test-kit.js';

const commands: readonly CommandDefinition[] = COMMANDS;
const named = commands.map((command) => [command.commandId, command] as const);
const served = commands.map(({ unserved, ...definition }) => definition);
const protocol = new TachyonProtocol({}, served);
const SEED = 20_261_121;
const ENDS_THE_CONNECTION = ['BAD_MESSAGE', 'FRAME_TOO_LARGE'];
const places = { lobby: 'L', party: 'P', clan: 'C', match: 'M' };

/** What becomes of a frame from a client of either kind. Throws what should not be thrown. */
function take(text: string): void {
  let message: Message;
  try {
    message = protocol.parse(text);
  } catch (error) {
    if (!isMusterError(error)) throw error;
    expect(ENDS_THE_CONNECTION).toContain((error as MusterError).code);
    return;
  }
  if (message.type === 'response') answered(message);
  else
    for (const direction of ['user→server', 'autohost→server'] as const) {
      const accepted = protocol.accept(message, direction, '42', places);
      const reasons: readonly string[] = protocol.definition(message.commandId)?.reasons ?? [];
      if (accepted.ok) continue;
      expect([...GENERIC_REASONS, ...reasons]).toContain(accepted.reason);
      expect(accepted.details?.length ?? 0).toBeLessThanOrEqual(TACHYON_DEFAULTS.detailsLengthMax);
    }
}

function answered(message: ResponseMessage): void {
  const answer = protocol.answer(message, message.commandId);
  if (!answer.ok) expect(answer.details?.length ?? 0).toBeLessThanOrEqual(TACHYON_DEFAULTS.detailsLengthMax);
}

const anything = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });

test('text that is no message is refused with an error that ends the connection', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), take), { seed: SEED, numRuns: 500 });
  fc.assert(
    fc.property(
      anything.map((value) => JSON.stringify(value)),
      take,
    ),
    { seed: SEED, numRuns: 500 },
  );
});

test('an envelope with anything in any field has an answer', () => {
  const ids = fc.constantFrom<unknown>(...commands.map(({ commandId }) => commandId));
  const envelope = fc.record(
    {
      type: fc.oneof({ weight: 4, arbitrary: fc.constantFrom<unknown>('request', 'event', 'response') }, anything),
      messageId: fc.oneof(
        { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) as fc.Arbitrary<unknown> },
        anything,
      ),
      commandId: fc.oneof({ weight: 4, arbitrary: ids }, anything),
      status: fc.oneof(fc.constantFrom<unknown>('success', 'failed'), anything),
      reason: fc.oneof(fc.string({ maxLength: 400 }) as fc.Arbitrary<unknown>, anything),
      details: fc.oneof(fc.string({ maxLength: 400 }) as fc.Arbitrary<unknown>, anything),
      data: anything,
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(envelope, (fields) => take(JSON.stringify(fields))),
    { seed: SEED, numRuns: 2_000 },
  );
});

test.each(named)('%s takes nearly right data and any other without a word out of place', (id, command) => {
  const nearly = command.data
    ? fc
        .sample(valuesOf(command.data as Schema), { seed: SEED, numRuns: 8 })
        .flatMap((value) => fc.sample(mutantsOf(value), { seed: SEED, numRuns: 6 }))
    : [];
  for (const data of [...nearly, ...fc.sample(anything, { seed: SEED, numRuns: 12 })]) {
    for (const type of ['request', 'event']) take(JSON.stringify({ type, messageId: 'm', commandId: id, data }));
    take(JSON.stringify({ type: 'response', messageId: 'm', commandId: id, status: 'success', data }));
  }
});

test.each(named)('%s: what is sent reads the same again, and fits', (id, command) => {
  const frame = command.kind === 'event' ? eventFrame : requestFrame;
  for (const data of valid(command.data as Schema | undefined)) {
    const message = protocol.parse(frame('m', id, text(data))) as RequestMessage;
    expect(message).toEqual({ type: command.kind, messageId: 'm', commandId: id, data });
    expect([data, protocol.check(command, message.data)]).toEqual([data, undefined]);
  }
  if (command.kind === 'event') return;
  for (const data of valid(command.reply as Schema | undefined)) {
    const message = protocol.parse(responseFrame('m', id, text(data))) as ResponseMessage;
    expect(message).toMatchObject({ type: 'response', messageId: 'm', commandId: id, status: 'success' });
    expect(protocol.answer(message, id)).toEqual({ ok: true, data });
  }
  for (const reason of [...GENERIC_REASONS, ...(command.reasons ?? [])]) {
    const message = protocol.parse(failureFrame('m', id, { reason, details: '"why"' })) as ResponseMessage;
    expect(protocol.answer(message, id)).toEqual({ ok: false, reason, details: '"why"' });
  }
});

function valid(schema: Schema | undefined): readonly unknown[] {
  return schema ? fc.sample(valuesOf(schema), { seed: SEED, numRuns: 10 }) : [undefined];
}

function text(data: unknown): string | undefined {
  return data === undefined ? undefined : JSON.stringify(data);
}
