import { expect, test } from '@jest/globals';
import type { ActorDefinition } from './actor.js';
import { defineActor, event } from './define.js';
import { runtimeOptions } from './options.js';

interface Commands {
  readonly add: { readonly data: { readonly n: number }; readonly reply: number };
}
interface Events {
  readonly added: { readonly n: number };
  readonly reset: null;
}
type Definition = ActorDefinition<{ total: number }, Commands, Events>;

const definition: Definition = {
  durability: 'ephemeral',
  version: 1,
  initial: () => ({ total: 0 }),
  decide: { add: (_state, { n }) => ({ events: [event('added', { n }), event('reset', null)], reply: n }) },
  evolve: {
    added(state, { n }) {
      state.total += n;
    },
    reset(state) {
      state.total = 0;
    },
  },
  topics: { total: (state) => state.total },
};

test('the compiler holds rules, events and publications against the types of the kind', () => {
  const mistakes: readonly Partial<Definition>[] = [
    // @ts-expect-error an event the kind does not have
    { decide: { add: () => ({ events: [event('subtracted', { n: 1 })] }) } },
    // @ts-expect-error an event with another event's data
    { decide: { add: () => ({ events: [event('added', null)] }) } },
    // @ts-expect-error a reply of another type
    { decide: { add: () => ({ reply: 'five' }) } },
    // @ts-expect-error a command without a rule
    { decide: {} },
    // @ts-expect-error an event nobody applies
    { evolve: { added: () => undefined } },
    // @ts-expect-error publications of an event the kind does not have
    { publish: { subtracted: () => [] } },
    // @ts-expect-error a subscriber's loss goes to a command the kind does not have
    { subscriberLost: { total: 'subtract' } },
  ];
  expect(mistakes).toHaveLength(7);
});

test('a definition that contradicts itself is refused where it is made', () => {
  const kind = defineActor<{ total: number }, Commands, Events>('counter', definition);
  expect(kind).toMatchObject({ kind: 'counter', version: 1 });
  const refused = (change: Partial<Definition>, name = 'counter'): void =>
    expect(() => defineActor<{ total: number }, Commands, Events>(name, { ...definition, ...change })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
  refused({}, 'Counter/1');
  refused({ version: 0 });
  refused({ save: (state) => state });
  refused({ subscriberLost: { nothing: 'add' } });
});

test('options that cannot work together are refused', () => {
  expect(runtimeOptions({ mailboxMax: 8 })).toMatchObject({ mailboxMax: 8, drainMessagesMax: 64 });
  for (const wrong of [{ mailboxMax: 0 }, { drainMs: Number.NaN }, { resendMaxMs: 10 }, { systemLaneMax: 100 }])
    expect(() => runtimeOptions(wrong)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
});
