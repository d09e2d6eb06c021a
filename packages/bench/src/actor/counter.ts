import { defineActor, event } from '@muster/runtime';

/** What both sides are asked to do: `add` changes the state (one committed event), `get` only reads it. */
export type Task = 'add' | 'get';

/** One run of one side. */
export interface ActorRun {
  readonly task: Task;
  /** How many actors share the messages, one after the other. */
  readonly actors: number;
  readonly messages: number;
}

/** What a side says of its run; `sum` is over the counters of all actors at its end. */
export interface ActorSample {
  readonly completed: number;
  readonly sum: number;
  readonly seconds: number;
  readonly cpuMicros: number;
}

/** Messages under way at once: as many as one mailbox takes. */
export const WINDOW = 1_000;

interface Counter {
  n: number;
}

interface CounterCommands {
  readonly add: { readonly data: { readonly amount: number }; readonly reply: number };
  readonly get: { readonly data: null; readonly reply: number };
}

interface CounterEvents {
  readonly added: { readonly amount: number };
}

export const counter = defineActor<Counter, CounterCommands, CounterEvents>('counter', {
  durability: 'replicated',
  version: 1,
  initial: () => ({ n: 0 }),
  decide: {
    add: (_state, { amount }) => ({ events: [event('added', { amount })], reply: ({ n }) => n }),
    get: ({ n }) => ({ reply: n }),
  },
  evolve: {
    added(state, { amount }) {
      state.n += amount;
    },
  },
});
