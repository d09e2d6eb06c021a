import { type ActorKind, type Durability, defineActor, event } from '@muster/runtime';

export interface Note {
  /** How often it was written. */
  n: number;
  text: string;
}

/** A type, not an interface: commands and events of actors are looked up by name. */
export type NoteCommands = {
  /** One event with the whole data. The reply says how often there was one. */
  readonly write: { readonly data: { readonly text: string }; readonly reply: number };
  /** An event without the text. */
  readonly touch: { readonly data: null; readonly reply: number };
};

type NoteEvents = {
  readonly written: { readonly text: string };
  readonly touched: null;
};

export type NoteKind = 'kept' | 'loose' | 'placed';

function note(
  kind: NoteKind,
  durability: Durability,
  placementKey?: (id: string) => string,
): ActorKind<Note, NoteCommands, NoteEvents> {
  return defineActor<Note, NoteCommands, NoteEvents>(kind, {
    durability,
    version: 1,
    ...(placementKey && { placementKey }),
    initial: () => ({ n: 0, text: '' }),
    decide: {
      write: (_state, { text }) => ({ events: [event('written', { text })], reply: ({ n }) => n }),
      touch: () => ({ events: [event('touched', null)], reply: ({ n }) => n }),
    },
    evolve: {
      written(state, { text }) {
        state.n += 1;
        state.text = text;
      },
      touched(state) {
        state.n += 1;
      },
    },
  });
}

/** An id of `placed` is `<key>:<n>`: all of one key share a shard. */
export function keyOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}

/** The same actor three times: with hot standby, without, and many of them in one shard. */
export const KINDS = [note('kept', 'replicated'), note('loose', 'ephemeral'), note('placed', 'replicated', keyOf)];
