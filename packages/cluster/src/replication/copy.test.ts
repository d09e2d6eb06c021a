import { expect, test } from '@jest/globals';
import { defineActor, restoreActor, runtimeOptions, saveEnvelope } from '@muster/runtime';
import { Copy } from './copy.js';
import { REPLICATION_DEFAULTS } from './options.js';
import { Tails } from './tails.js';

interface Lines {
  lines: string[];
}

let evolved = 0;
const notes = defineActor<Lines, Record<never, never>, { written: { text: string } }>('notes', {
  durability: 'replicated',
  version: 1,
  initial: () => ({ lines: [] }),
  decide: {},
  evolve: {
    written(state, { text }) {
      evolved += 1;
      state.lines = [...state.lines.slice(-3), text];
    },
  },
});
const runtime = runtimeOptions();
const options = { ...REPLICATION_DEFAULTS, tailCharsMin: 500 };

/** An owner's actor and a copy of it, as far as records take it there. */
function pair() {
  const failures: unknown[] = [];
  const kinds = new Map([['notes', notes]]);
  const failed = (_entity: string, error: unknown) => void failures.push(error);
  const copy = new Copy({ kinds, runtime, options, persists: false, failed });
  const tails = new Tails(options);
  const events: string[] = [];
  let seq = 0;
  let wholes = 0;
  /** Records that the copy has read. */
  let reads = 0;
  /** The same actor, told by all of its records. */
  const truth = () => restoreActor(notes, 'a', { text: '', tail: events.join(',') }, runtime);
  const write = (text: string, tells = true) => {
    seq += 1;
    const event = { type: 'event', name: 'written', data: { text }, at: seq, stream: seq };
    const entries = JSON.stringify(seq === 1 ? [{ type: 'born', seed: null, stream: 0 }, event] : [event]);
    events.push(entries);
    const whole = tails.add('notes/a', entries.length, tells ? () => saveEnvelope(truth()) : undefined);
    if (whole !== '') wholes += 1;
    const before = evolved;
    const taken = copy.take({ entity: 'notes/a', seq, entries, whole }, seq, true);
    reads += evolved - before;
    return taken;
  };
  const held = () => copy.actors.get('notes/a')!;
  return { copy, tails, write, held, truth, failures, wholes: () => wholes, reads: () => reads };
}

test('a copy whose owner tells the actor whole now and then stays short, and reads no record', () => {
  const { write, held, truth, wholes, reads } = pair();
  for (let i = 0; i < 200; i += 1) {
    write(`${i}`.padEnd(60, '.'));
    expect(held().tail.length).toBeLessThan(3 * options.tailCharsMin);
  }
  expect(wholes()).toBeGreaterThan(10);
  expect(reads()).toBe(0);
  expect(saveEnvelope(restoreActor(notes, 'a', held(), runtime))).toBe(saveEnvelope(truth()));
  // What was published last can still be told: at least so much of the records stays.
  expect(held().tail.length).toBeGreaterThan(options.tailCharsMin / 2);
});

test('with every record a copy is what its owner’s actor is, told whole or not', () => {
  const { write, held, truth, failures, reads } = pair();
  for (let i = 0; i < 120; i += 1) {
    expect(write(`${i}`.padEnd(1 + ((i * 37) % 90), '.'), i % 50 < 30)).toBe(true);
    expect(saveEnvelope(restoreActor(notes, 'a', held(), runtime))).toBe(saveEnvelope(truth()));
  }
  expect(failures).toEqual([]);
  expect(reads()).toBeGreaterThan(0);
});

test('an actor that cannot be told, or is longer than an envelope, is not told whole; one that is gone begins anew', () => {
  const tails = new Tails({ ...options, envelopeCharsMax: 1_000 });
  const broken = () => {
    throw new Error('it cannot be saved');
  };
  expect(tails.add('notes/a', 501, broken)).toBe('');
  expect(tails.add('notes/b', 501, () => 'x'.repeat(1_001))).toBe('');
  expect(tails.add('notes/b', 501, () => 'short')).toBe('');
  expect(tails.add('notes/b', 501, () => 'short')).toBe('short');
  expect(tails.add('notes/c', 400, () => 'short')).toBe('');
  tails.add('notes/c', 0, undefined);
  expect(tails.add('notes/c', 400, () => 'short')).toBe('');
});

test('a record of no actor is refused, whoever sent it', () => {
  const setup = { kinds: new Map(), runtime, options, persists: true, failed: () => undefined };
  for (const entity of ['', 'notes', '/a', 'notes/', 'Notes/a']) {
    const copy = new Copy(setup);
    expect(copy.take({ entity, seq: 1, entries: '[]' }, 1, true)).toBe(false);
    expect(copy.take({ entity, seq: 1, entries: '' }, 1, true)).toBe(false);
    expect([copy.actors.size, copy.inherited(0).unsaved]).toEqual([0, []]);
  }
});

test('who goes on from a copy owes storage what it could not take, however much of the rest is stored', () => {
  const copy = new Copy({ kinds: new Map(), runtime, options, persists: true, failed: () => undefined });
  copy.take({ entity: 'notes/large', seq: 1, entries: '[]' }, 1, true);
  for (let position = 2; position < 200; position += 2) {
    copy.take({ entity: `notes/${position}`, seq: 1, entries: '[]' }, position, true);
    copy.take({ entity: `notes/${position}`, seq: 0, entries: '' }, position + 1, true);
  }
  expect(copy.inherited(0).unsaved).toHaveLength(100);
  copy.told(200, ['notes/large', 'notes/elsewhere']);
  expect(copy.inherited(0).unsaved).toEqual(['notes/large']);
});

test('an actor that went and lives again is owed once', () => {
  const copy = new Copy({ kinds: new Map(), runtime, options, persists: true, failed: () => undefined });
  copy.take({ entity: 'notes/a', seq: 1, entries: '[]' }, 1, true);
  copy.take({ entity: 'notes/a', seq: 0, entries: '' }, 2, true);
  expect(copy.inherited(0).unsaved).toEqual(['notes/a']);
  copy.take({ entity: 'notes/a', seq: 1, entries: '[]' }, 3, true);
  expect(copy.inherited(0).unsaved).toEqual(['notes/a']);
});
