import type { EntityRef, Millis } from '@muster/ports';
import { type ActorKind, defineActor, event } from '@muster/runtime';

const BEAT_MS: Millis = 120;
/** Beats after the last one that was asked for. */
const BEATS = 40;

export interface PulseCommands {
  beat: { data: null; reply: number };
  again: { data: unknown; reply: null };
}

export interface PulseEvents {
  asked: null;
  beaten: null;
}

export type PulseKind = ActorKind<{ beats: number; left: number }, PulseCommands, PulseEvents>;

/**
 * `pulse/<n>`: an ungated actor, which acts by itself and waits for nobody. Nothing but the self-fence keeps two owners of it from
 * acting at once, so each act is told to `acts` when it happens.
 */
export function pulseKind(acts: (self: EntityRef) => void): PulseKind {
  return defineActor<{ beats: number; left: number }, PulseCommands, PulseEvents>('pulse', {
    durability: 'ephemeral',
    version: 1,
    passivateAfterMs: 5_000,
    initial: () => ({ beats: 0, left: 0 }),
    decide: {
      beat({ beats }, _, { self, now }) {
        acts(self);
        return { events: [event('asked', null)], timers: [next(now)], reply: beats };
      },
      again({ left }, _, { self, now }) {
        acts(self);
        return { events: [event('beaten', null)], ...(left > 1 && { timers: [next(now)] }) };
      },
    },
    evolve: {
      asked(state) {
        state.left = BEATS;
      },
      beaten(state) {
        state.beats += 1;
        state.left -= 1;
      },
    },
  });
}

function next(now: Millis): { name: string; at: Millis; command: string } {
  return { name: 'beat', at: now + BEAT_MS, command: 'again' };
}
