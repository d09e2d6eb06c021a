import { type Millis, MusterError } from '@muster/ports';

/** How lively the demo is. */
export interface DemoOptions {
  /** Between two things that one player does, at least and at most; most often it finds nothing to do. Lower: more happens than one can
   *  read (a dozen players at 3…7 s make about a line per second). Higher: a newcomer waits for the first battle. */
  readonly thinkMinMs: Millis;
  readonly thinkMaxMs: Millis;
  /** Who left a lobby does nothing for this long. Lower: lobbies are full all the time. Higher: they stand empty. */
  readonly restMinMs: Millis;
  readonly restMaxMs: Millis;
  /** After a battle nobody begins the next for this long: time to talk, to leave, to vote. */
  readonly calmMs: Millis;
  /** Length of a battle. Lower: over before one has looked. Higher: nothing happens in its lobby meanwhile. */
  readonly battleMinMs: Millis;
  readonly battleMaxMs: Millis;
  /** From `battle/start` to the player's engine being there, at most. */
  readonly loadMaxMs: Millis;
  /** Longest that one player may take to connect, once. */
  readonly connectMs: Millis;
}

export const DEMO_DEFAULTS: DemoOptions = {
  thinkMinMs: 3_000,
  thinkMaxMs: 7_000,
  restMinMs: 8_000,
  restMaxMs: 20_000,
  calmMs: 15_000,
  battleMinMs: 45_000,
  battleMaxMs: 75_000,
  loadMaxMs: 4_000,
  connectMs: 30_000,
};

/** Speeds at which a player keeps within the messages that a gateway takes from it (10 a second). */
const SPEED_MIN = 0.1;
const SPEED_MAX = 20;

/** The defaults, everything that is a matter of taste `speed` times as fast. @throws MusterError BAD_CONFIG */
export function demoOptions(speed = 1): DemoOptions {
  if (!(speed >= SPEED_MIN && speed <= SPEED_MAX))
    throw new MusterError('BAD_CONFIG', { details: `the demo's speed is from ${SPEED_MIN} to ${SPEED_MAX}` });
  const { connectMs, ...paced } = DEMO_DEFAULTS;
  const faster = Object.fromEntries(Object.entries(paced).map(([name, ms]) => [name, Math.round(ms / speed)]));
  return { ...(faster as Omit<DemoOptions, 'connectMs'>), connectMs };
}
