// Sign-ins of one account, counted where there is one place for all gateways: each asks the player's actor before it opens a connection. The count
// is on record before the answer leaves, so it holds over a change of owner too.
import { event } from '@muster/runtime';
import type { PlayerSlice, SliceTools } from './slice.js';
import type { PlayerState } from './state.js';

/** Sign-ins in the window that began with the first of them. */
export interface KnocksPart {
  knocks: { readonly count: number; readonly until: number };
}

export interface KnocksCommands {
  /** From a gateway for somebody whose token it has verified. `max` in `windowMs`: how many it lets in. `retryAfterMs`: not this one; null: come in. */
  knock: {
    data: { readonly max: number; readonly windowMs: number };
    reply: { readonly retryAfterMs: number | null };
  };
}

export interface KnocksEvents {
  knocked: KnocksPart['knocks'];
}

export function knocksSlice(_: SliceTools): PlayerSlice<KnocksCommands, KnocksEvents, KnocksPart> {
  return {
    name: 'knocks',
    version: 1,
    initial: () => ({ knocks: { count: 0, until: 0 } }),
    decide: {
      knock: ({ knocks }: PlayerState, { max, windowMs }, { origin, self, now }) => {
        if (origin.type !== 'client' || origin.caller !== self.id)
          return { refuse: { reason: 'unauthorized', details: 'nobody knocks for somebody else' } };
        const current = knocks.until > now ? knocks : { count: 0, until: now + windowMs };
        if (current.count >= max) return { reply: { retryAfterMs: current.until - now } };
        return { events: [event('knocked', { ...current, count: current.count + 1 })], reply: { retryAfterMs: null } };
      },
    },
    evolve: {
      knocked: (state, knocks) => {
        state.knocks = knocks;
      },
    },
    // An actor that leaves memory was idle for longer than any window.
    blank: () => true,
  };
}
