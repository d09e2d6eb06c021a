import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@muster/ports';
import fc from 'fast-check';
import { decodeFrame, FrameWriter } from './frame.js';
import type { Envelope, EnvelopeInit } from './generated/link.js';
import { decodeEnvelope, encodeEnvelope } from './index.js';

const MAX = 1024 * 1024;

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const uint53 = fc.oneof(fc.nat(300), fc.maxSafeNat());
const command = fc.record({
  kind: text,
  id: text,
  name: text,
  data: bytes,
  session: text,
  request: uint53,
  answered: uint53,
  ttlMs: fc.nat(0xffff_ffff),
});
const event = fc.record({
  kind: text,
  id: text,
  topic: text,
  number: uint53,
  previous: uint53,
  name: text,
  data: bytes,
});
const beat = fc.record({
  number: uint53,
  loopLagMs: fc.double({ noNaN: true, min: Number.MIN_VALUE }),
  frozen: fc.boolean(),
  occupied: bytes,
});
const row = fc.record({ shard: fc.nat(1279), owner: text, backup: text, term: uint53, state: text });
const table = fc.record({ revision: uint53, full: fc.boolean(), rows: fc.array(row, { maxLength: 40 }) });
const head = fc.record({ shard: fc.nat(1279), term: uint53, epoch: uint53, trace: text });

const envelopes: fc.Arbitrary<EnvelopeInit> = fc
  .tuple(
    head,
    fc.oneof(
      command.map((body) => ({ type: 'command' as const, body })),
      event.map((body) => ({ type: 'event' as const, body })),
      beat.map((body) => ({ type: 'heartbeat' as const, body })),
      table.map((body) => ({ type: 'table' as const, body })),
    ),
  )
  .map(([fields, body]) => ({ ...fields, ...body }));

/** Bytes as they come from a broken or hostile sender: bits flipped, pieces cut out, doubled or made up. */
const mutations = fc.array(fc.record({ at: fc.nat(), cut: fc.nat(8), put: fc.uint8Array({ maxLength: 12 }) }), {
  minLength: 1,
  maxLength: 6,
});

function mutate(bytes: Uint8Array, changes: readonly { at: number; cut: number; put: Uint8Array }[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, cut, put } of changes) {
    const from = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, from), put, result.subarray(from + cut)]);
  }
  return result;
}

function codeThrown(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return codeOf(error) ?? error;
  }
}

describe('an envelope', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(decodeEnvelope(encodeEnvelope(envelope))).toMatchObject(envelope);
      }),
    );
  });

  test('has every field after decoding, empty where nothing was written', () => {
    const read = decodeEnvelope(encodeEnvelope({ type: 'probe', body: { number: 3 } }));
    expect(read).toEqual({
      shard: 0,
      term: 0,
      epoch: 0,
      trace: '',
      type: 'probe',
      body: { number: 3, peer: '', address: '' },
    });
  });

  test('carries the admin epoch (2^53 − 1) as a plain number, and refuses anything larger, negative or broken', () => {
    const epoch = Number.MAX_SAFE_INTEGER;
    expect(decodeEnvelope(encodeEnvelope({ type: 'beat', epoch, body: {} })).epoch).toBe(epoch);
    for (const wrong of [2 ** 53, -1, 1.5, Number.POSITIVE_INFINITY])
      expect(codeThrown(() => encodeEnvelope({ type: 'beat', epoch: wrong, body: {} }))).toBe('BAD_FRAME');
    expect(codeThrown(() => encodeEnvelope({ type: 'command', shard: 2 ** 32, body: {} }))).toBe('BAD_FRAME');
  });

  test('with a 64-bit number of 2^53 or more is refused', () => {
    const varint = (last: number) =>
      Buffer.from([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, last, 0x9a, 0x02, 0x00]);
    const withoutBody = (bytes: Buffer) => bytes.subarray(0, 9);
    const beatBody = Buffer.from([0xc2, 0x02, 0x00]);
    const read = (last: number) => decodeEnvelope(Buffer.concat([withoutBody(varint(last)), beatBody]));
    expect(read(0x0f).epoch).toBe(Number.MAX_SAFE_INTEGER);
    expect(codeThrown(() => read(0x10))).toBe('BAD_FRAME');
  });

  test.each([
    ['nothing at all', []],
    ['a head without a body', [0x08, 0x07]],
    ['a body of an unknown type', [0xf2, 0x07, 0x00]],
    ['two bodies', [0xc2, 0x02, 0x00, 0xca, 0x02, 0x00]],
    ['a known field of another wire type', [0x0d, 0x00, 0x00, 0x00, 0x00, 0xc2, 0x02, 0x00]],
    ['an unknown field', [0x38, 0x01, 0xc2, 0x02, 0x00]],
    ['a body longer than the bytes', [0xc2, 0x02, 0x7f]],
    ['a field that runs past its body', [0xc2, 0x02, 0x02, 0x12, 0x05, 0x61, 0x61, 0x61, 0x61, 0x61]],
  ])('that is %s is refused with BAD_FRAME', (_what, bytes) => {
    expect(codeThrown(() => decodeEnvelope(Buffer.from(bytes)))).toBe('BAD_FRAME');
  });

  test('never makes the decoder throw anything but BAD_FRAME, whatever became of its bytes', () => {
    let refused = 0;
    fc.assert(
      fc.property(envelopes, mutations, (envelope, changes) => {
        const code = codeThrown(() => decodeEnvelope(mutate(encodeEnvelope(envelope), changes)));
        if (code === 'BAD_FRAME') refused += 1;
        expect([undefined, 'BAD_FRAME']).toContain(code);
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe('a frame', () => {
  const small: EnvelopeInit = { type: 'command', body: { kind: 'player', id: '1', name: 'info' } };

  test('keeps the order within each lane and tells the size that each envelope took', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('control' as const, 'data' as const), envelopes)), (sent) => {
        const writer = new FrameWriter(MAX);
        const sizes = sent.map(([lane, envelope]) => writer.add(lane, envelope));
        const frame = decodeFrame(writer.take(), MAX);
        for (const lane of ['control', 'data'] as const) {
          const mine = sent.flatMap(([l, envelope], i) => (l === lane ? [{ envelope, size: sizes[i] }] : []));
          expect(frame[lane].envelopes as Envelope[]).toMatchObject(mine.map(({ envelope }) => envelope));
          expect(frame[lane].sizes).toEqual(mine.map(({ size }) => size));
        }
      }),
    );
  });

  test('is as it was after an envelope that cannot be written', () => {
    const writer = new FrameWriter(1_000);
    writer.add('data', small);
    const tooBig: EnvelopeInit = { type: 'table', body: { rows: [{ shard: 1, owner: 'x'.repeat(2_000) }] } };
    const wrong: EnvelopeInit = { type: 'table', body: { rows: [{ shard: 1 }, { shard: 2, term: -5 }] } };
    expect(codeThrown(() => writer.add('control', tooBig))).toBe('BAD_FRAME');
    expect(codeThrown(() => writer.add('control', wrong))).toBe('BAD_FRAME');
    writer.add('data', small);
    const frame = decodeFrame(writer.take(), 1_000);
    expect([frame.control.envelopes.length, frame.data.envelopes.length]).toEqual([0, 2]);
  });

  test('with an envelope over the limit, or credit for a lane that has none, is refused', () => {
    const writer = new FrameWriter(MAX);
    writer.add('data', { ...small, trace: 'x'.repeat(2_000) });
    expect(codeThrown(() => decodeFrame(writer.take(), 1_000))).toBe('BAD_FRAME');
    expect(codeThrown(() => decodeFrame(Buffer.from([0x22, 0x02, 0x08, 0x01]), MAX))).toBe('BAD_FRAME');
    expect(codeThrown(() => decodeFrame(Buffer.from([0x22, 0x02, 0x08, 0x07]), MAX))).toBe('BAD_FRAME');
  });

  test('never makes the decoder throw anything but BAD_FRAME, whatever became of its bytes', () => {
    fc.assert(
      fc.property(fc.array(envelopes, { maxLength: 5 }), mutations, (sent, changes) => {
        const writer = new FrameWriter(MAX);
        for (const envelope of sent) writer.add('data', envelope);
        writer.addCredit({ lane: 'data', messages: 5, bytes: 1_000 });
        const code = codeThrown(() => decodeFrame(mutate(writer.take(), changes), MAX));
        expect([undefined, 'BAD_FRAME']).toContain(code);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('the committed codecs are what the generator makes of the .proto files', () => {
  const script = join(import.meta.dirname, '../scripts/generate.mjs');
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
});
