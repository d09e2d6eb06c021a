import type { Millis } from '@muster/ports';
import { defineActor, event } from '@muster/runtime';

/** Alarms that one clock remembers: more than one run sets. */
const RUNG_MAX = 2_000;

export interface Rung {
  readonly id: string;
  /** When it was to ring and when it rang, both by the clocks of whoever owned it then. */
  readonly dueAt: Millis;
  readonly at: Millis;
}

export interface AlarmCommands {
  /** Answered when it rings: a deferred reply. */
  wake: { data: { readonly id: string; readonly afterMs: Millis }; reply: Rung };
  ring: { data: { readonly id: string }; reply: null };
  show: { data: null; reply: { readonly set: readonly string[]; readonly rung: readonly Rung[] } };
}

export interface AlarmEvents {
  set: { readonly id: string; readonly dueAt: Millis; readonly ticket: string };
  rang: { readonly id: string };
}

interface Alarm {
  set: { readonly id: string; readonly dueAt: Millis; readonly ticket: string }[];
  rung: Rung[];
}

/** `alarm/<n>`: timers and deferred replies. Each alarm that was set rings once, not early; who asked for it hears of it then. */
export const alarmKind = defineActor<Alarm, AlarmCommands, AlarmEvents>('alarm', {
  durability: 'replicated',
  version: 1,
  passivateAfterMs: 5_000,
  initial: () => ({ set: [], rung: [] }),
  decide: {
    wake(_, { id, afterMs }, { now, ticket }) {
      const dueAt = now + afterMs;
      return {
        events: [event('set', { id, dueAt, ticket })],
        timers: [{ name: id, at: dueAt, command: 'ring', data: { id } }],
        defer: true,
      };
    },
    ring(state, { id }, { now }) {
      const alarm = state.set.find((each) => each.id === id);
      // A second ring has no alarm: it is remembered as one that was never due, and the check sees it.
      const rung = { id, dueAt: alarm?.dueAt ?? Number.MAX_SAFE_INTEGER, at: now };
      return {
        events: [event('rang', { id })],
        ...(alarm && { resolve: [{ ticket: alarm.ticket, reply: rung }] }),
      };
    },
    show: ({ set, rung }) => ({ reply: { set: set.map(({ id }) => id), rung } }),
  },
  evolve: {
    set(state, alarm) {
      state.set.push(alarm);
    },
    rang(state, { id }, at) {
      const alarm = state.set.find((each) => each.id === id);
      state.set = state.set.filter((each) => each !== alarm);
      state.rung.push({ id, dueAt: alarm?.dueAt ?? Number.MAX_SAFE_INTEGER, at });
      if (state.rung.length > RUNG_MAX) state.rung.shift();
    },
  },
});
