import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Entry } from './entries.js';
import { encodeEntries } from './entry-text.js';
import { encodeJson } from './json.js';

const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(-0, 1e21, 1_732_187_000_000.5, Number.NaN, Infinity));
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\u007f', '\u2028', '\ud800'),
);
const outcome = fc.oneof(
  fc.record({ ok: fc.constant(true), json: fc.json() }),
  fc.record({
    ok: fc.constant(false),
    code: fc.constant('MAILBOX_FULL'),
    details: fc.dictionary(text, fc.jsonValue()),
  }),
);
const data = fc.oneof(
  fc.dictionary(text, fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.constant(undefined))),
  fc.anything({ withDate: true, withBoxedValues: true, withNullPrototype: true, withMap: true, withTypedArray: true }),
  fc.constant({ toJSON: () => 'told otherwise' }),
);
const type = <T extends string>(name: T) => fc.constant(name);
const entry = fc.oneof(
  fc.record({ type: type('event'), name: text, data, at: number, stream: number }),
  fc.record({ type: type('reply'), session: text, request: number, answered: number, outcome, at: number }),
  fc.record({ type: type('received'), from: text, number, outcome: fc.option(outcome), at: number }),
  fc.record({ type: type('timer'), name: text, at: number, command: text, json: fc.json() }),
  fc.record({ type: type('acked'), number }),
);

test('entries are told exactly as JSON would tell them, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
      expect(encodeEntries(entries as unknown as Entry[])).toBe(encodeJson(entries));
    }),
    { numRuns: 2_000 },
  );
});

test('what no JSON can say is refused, as JSON does', () => {
  const event = (value: unknown): Entry => ({ type: 'event', name: 'e', data: value, at: 0, stream: 1 });
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => encodeEntries([event({ big: 1n })])).toThrow(TypeError);
  expect(() => encodeEntries([event(cycle)])).toThrow(TypeError);
});
