import { MusterError } from '@muster/ports';

export interface PartyOptions {
  /** Members and invited players together. Fixed when a party is made.
   *  Lower: bigger groups of friends cannot queue together. Higher: each change is told to that many, and queues need teams of that size. */
  readonly size: number;
  /** How long an invitation stands. Lower: somebody who is busy misses it. Higher: it holds a place that others could have. */
  readonly inviteMs: number;
  /** How often a party asks its members whether they are there: it finds members that have lost their state and do not know that they should
   *  leave. Lower: they go sooner. Higher: less traffic. Both sides ask at once where something may be lost. */
  readonly auditMs: number;
  /** Idle time after which the actor leaves memory. Lower: less memory for parties that only sit. Higher: fewer of them are read again. */
  readonly passivateAfterMs: number;
}

export const PARTY_DEFAULTS: PartyOptions = {
  size: 3,
  inviteMs: 300_000,
  auditMs: 300_000,
  passivateAfterMs: 300_000,
};

/** More would make every change as dear as a lobby's. */
const SIZE_MAX = 64;

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function partyOptions(changes: Partial<PartyOptions> = {}): PartyOptions {
  const options = { ...PARTY_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `party.${name} is ${value}: a positive integer is needed` });
  }
  if (options.size > SIZE_MAX) throw new MusterError('BAD_CONFIG', { details: `party.size is at most ${SIZE_MAX}` });
  return options;
}
