import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Entry } from './entries.js';
import { applyRecord, emptyEnvelope, restoreEnvelope, saveEnvelope } from './envelope.js';
import { RUNTIME_DEFAULTS } from './options.js';
import { account, type Bank, openBank, ref, SHARD } from './test-bank.js';

const step = fc.oneof(
  fc.record({ command: fc.constant('deposit'), data: fc.record({ amount: fc.integer({ min: 1, max: 9 }) }) }),
  fc.record({ command: fc.constant('withdraw'), data: fc.record({ amount: fc.integer({ min: 1, max: 9 }) }) }),
  fc.record({ command: fc.constantFrom('balance', 'wait', 'fail'), data: fc.constant(null) }),
  fc.record({ command: fc.constant('release'), data: fc.record({ word: fc.string() }) }),
  fc.record({
    command: fc.constant('transfer'),
    data: fc.record({ to: fc.constantFrom('b', 'c'), amount: fc.nat(9) }),
  }),
  fc.record({
    command: fc.constant('remind'),
    data: fc.record({ name: fc.constantFrom('x', 'y'), at: fc.option(fc.integer({ min: 0, max: 500 })) }),
  }),
);
type Step = { readonly command: string; readonly data: unknown };

test("K8: a runtime's turn records, applied to an empty envelope, give the actor that the runtime has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(2), fc.nat(120)), { maxLength: 40 }), async (steps) => {
      const options = { passivateAfterMs: 50, repliesMax: 3 };
      const bank = openBank({ options });
      for (const [{ command, data }, session, pause] of steps) {
        bank.post(command, withClock(bank, { command, data }), { session: `g#1/${session}` });
        await bank.clock.advance(pause);
      }
      const envelope = emptyEnvelope(account, 'a');
      for (const { entries } of bank.log.records)
        applyRecord(envelope, entries as Entry[], { ...RUNTIME_DEFAULTS, ...options });
      expect(envelope.born ? saveEnvelope(envelope) : undefined).toEqual(await parkedText(bank));
      expect(envelope.seq).toBe(bank.log.records.at(-1)?.seq ?? 0);
      if (envelope.born) {
        const text = saveEnvelope(envelope);
        expect(saveEnvelope(restoreEnvelope(account, 'a', text))).toBe(text);
      }
    }),
    { numRuns: 60 },
  );
});

test('K8: over a network that loses, repeats and delays, every transfer arrives, once in effect', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ to: fc.constantFrom('b', 'c'), amount: fc.integer({ min: 1, max: 9 }) }), { maxLength: 12 }),
      fc.infiniteStream(fc.record({ copies: fc.nat(2), delayMs: fc.nat(300), answered: fc.boolean() })),
      async (transfers, weather) => {
        const bank = openBank({
          options: { passivateAfterMs: 200 },
          carry(send, { clock, runtime }) {
            const { copies, delayMs } = weather.next().value!;
            const { from, number, to, command, json, cause, trace } = send;
            const origin = { type: 'entity', from, number, replyTo: 'n#1' } as const;
            for (let copy = 0; copy < copies; copy += 1)
              clock.after(delayMs * (copy + 1), () =>
                runtime.deliver(SHARD, { entity: to, command, data: json, origin, deadline: Infinity, cause, trace }),
              );
          },
        });
        carryAnswers(bank, () => weather.next().value!.answered);
        for (const transfer of transfers) await bank.ask('transfer', transfer);
        await bank.clock.advance(60_000);
        for (const id of ['b', 'c']) {
          const sum = transfers.filter(({ to }) => to === id).reduce((total, { amount }) => total + amount, 0);
          expect(await bank.ask('balance', null, { to: id })).toBe(sum);
        }
        const notes = (bank.state() as { notes?: string[] } | undefined)?.notes ?? [];
        expect(notes).toHaveLength(transfers.length);
      },
    ),
    { numRuns: 40 },
  );
});

/** Brings answers to entities back to them, where the weather lets them through. */
function carryAnswers(bank: Bank, arrives: () => boolean): void {
  const push = bank.replies.push.bind(bank.replies);
  const carry: typeof push = (...items) => {
    for (const { to, outcome } of items)
      if (to.type === 'entity' && arrives()) bank.runtime.answered(to.from, SHARD, to.number, outcome);
    return push(...items);
  };
  Object.defineProperty(bank.replies, 'push', { value: carry });
}

function withClock(bank: Bank, { command, data }: Step): unknown {
  if (command !== 'remind') return data;
  const { name, at } = data as { name: string; at: number | null };
  return { name, at: at === null ? null : bank.clock.now() + at };
}

/** The actor's saved form as the runtime itself has it. */
async function parkedText(bank: Bank): Promise<string | undefined> {
  const saved = bank.runtime.snapshot(SHARD, ref('a'));
  return typeof saved === 'object' ? saved.text : saved;
}
