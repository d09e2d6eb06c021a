import { defineActor, event } from '@muster/runtime';

export interface RegisterCommands {
  read: { data: null; reply: string };
  write: { data: { readonly value: string }; reply: null };
  /** Replies whether the register had `expected`, and has `value` now. */
  compareAndSet: { data: { readonly expected: string; readonly value: string }; reply: boolean };
}

export interface RegisterEvents {
  written: { readonly value: string };
}

/** `register/<n>`: one value, empty at first. What clients see of it must be linearizable. */
export const registerKind = defineActor<{ value: string }, RegisterCommands, RegisterEvents>('register', {
  durability: 'replicated',
  version: 1,
  passivateAfterMs: 5_000,
  initial: () => ({ value: '' }),
  decide: {
    read: ({ value }) => ({ reply: value }),
    write: (_, { value }) => ({ events: [event('written', { value })], reply: null }),
    compareAndSet(state, { expected, value }) {
      if (state.value !== expected) return { reply: false };
      return { events: [event('written', { value })], reply: true };
    },
  },
  evolve: {
    written(state, { value }) {
      state.value = value;
    },
  },
});
