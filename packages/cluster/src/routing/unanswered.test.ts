import { describe, expect, test } from '@jest/globals';
import { entity, shardId } from '@muster/ports';
import { Unanswered } from './unanswered.js';
import type { Pending } from './waiting-line.js';

function added(table: Unanswered): Pending {
  const pending: Pending = {
    number: table.nextNumber(),
    key: undefined,
    call: {
      entity: entity('player', '1'),
      name: 'info',
      data: new Uint8Array(0),
      origin: { type: 'admin', who: 'test' },
      deadlineMs: 0,
      trace: '',
      cause: '',
    },
    shard: shardId(0),
    done: () => undefined,
    deadline: Number.POSITIVE_INFINITY,
    sent: false,
    repeated: false,
    heldSince: 0,
    heldMs: 0,
    before: undefined,
    after: undefined,
  };
  table.add(pending);
  return pending;
}

describe('unanswered calls', () => {
  test('are found by their numbers, and by no others', () => {
    const table = new Unanswered();
    const calls = Array.from({ length: 3_000 }, () => added(table));
    expect(table.size).toBe(3_000);
    for (const call of calls) expect(table.get(call.number)).toBe(call);
    const strangers = [0, -1, 3_001, calls[5]!.number + 2 ** 20, calls[5]!.number + 2 ** 40, Number.MAX_SAFE_INTEGER];
    for (const number of strangers) expect(table.get(number)).toBeUndefined();
  });

  test('keep their places while thousands come and go', () => {
    const table = new Unanswered();
    const patient = [added(table), added(table), added(table)];
    const seen = new Set(patient.map(({ number }) => number));
    for (let i = 0; i < 10_000; i += 1) {
      const call = added(table);
      expect(seen.has(call.number)).toBe(false);
      seen.add(call.number);
      table.delete(call);
      expect(table.get(call.number)).toBeUndefined();
    }
    expect(patient.map(({ number }) => table.get(number))).toEqual(patient);
    expect(table.all()).toEqual(patient);
  });

  test('leave an empty table, however many they were', () => {
    const table = new Unanswered();
    const calls = Array.from({ length: 50_000 }, () => added(table));
    for (const call of calls) table.delete(call);
    expect(table.size).toBe(0);
    expect(table.all()).toEqual([]);
    const next = added(table);
    expect(next.number).toBeGreaterThan(calls.at(-1)!.number);
    expect(table.get(next.number)).toBe(next);
  });
});
