// How late things were lately, on this side or on the other: what a machine with other work to do looks like from inside. A leader that does not
// get to run for a third of a second is not gone, and one that follows it would not get to run either. Pure.
import type { Millis } from '@muster/ports';
import type { TakeoverOptions } from './options.js';

/** The worst lateness of the present stretch of `strainMs` and of the one before. */
export interface Strain {
  readonly since: Millis;
  readonly now: Millis;
  readonly before: Millis;
}

export function newStrain(now: Millis): Strain {
  return { since: now, now: 0, before: 0 };
}

/** Something came `lateMs` after its time; less than a whole beat is nothing. */
export function strained(strain: Strain, lateMs: Millis, now: Millis, { beatMs, strainMs }: TakeoverOptions): Strain {
  const age = now - strain.since;
  const before = age < strainMs ? strain.before : age < 2 * strainMs ? strain.now : 0;
  const late = lateMs > beatMs ? lateMs : 0;
  if (age >= strainMs) return { since: now, now: late, before };
  return late > strain.now ? { ...strain, now: late } : strain;
}

/** Silence of a leader that was heard, after which its vice takes over. */
export function patienceMs({ now, before }: Strain, { silenceMs, strainTimes, silenceMaxMs }: TakeoverOptions): Millis {
  return Math.min(silenceMaxMs, silenceMs + strainTimes * Math.max(now, before));
}
