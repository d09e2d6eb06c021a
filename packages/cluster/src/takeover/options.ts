import { type Millis, MusterError } from '@muster/ports';

/** Of all coordinators: they must be given the same values. */
export interface TakeoverOptions {
  /** The leader beats to every other coordinator this often. Lower: more messages. Higher: fewer beats fit in `silenceMs` and `confirmMs`. */
  readonly beatMs: Millis;
  /** Silence of the leader after which its vice takes over; a standby that is not the vice waits twice as long.
   *  Lower: a garbage collection costs an epoch. Higher: a hung leader is replaced later. A killed one is found by refusal, at once. */
  readonly silenceMs: Millis;
  /** Where beats or our own loop were late lately, the leader may be silent for so many times the worst lateness longer. Lower: on a machine
   *  that has other work to do an epoch costs less than a garbage collection. Higher: one long pause makes take-overs by silence late for a while. */
  readonly strainTimes: number;
  /** … but not for longer than this in all. Lower: busy machines change their leaders. Higher: nodes whose leader hangs there freeze what is
   *  ungated before somebody acknowledges them again (`selfFenceMs`). */
  readonly silenceMaxMs: Millis;
  /** Lateness is remembered for so long, and for twice as long at most. Lower: each burst of other work is met unprepared.
   *  Higher: a pause that will not come again keeps take-overs by silence late. */
  readonly strainMs: Millis;
  /** The same for a leader that was never heard: at the start of both. Lower: a slow start costs an epoch. Higher: a cold start behind a
   *  dead machine takes longer. */
  readonly firstSilenceMs: Millis;
  /** Between two take-overs by silence that this process saw. Lower: a one-way cut makes two coordinators take over in turns.
   *  Higher: a leader that falls silent soon after a take-over is replaced later. */
  readonly calmMs: Millis;
  /** A leader's acknowledgements are good for so long after its last confirmation (K6).
   *  Lower: one late answer of the store makes them bad. Higher: shards of a silent node wait longer after a take-over. */
  readonly confirmMs: Millis;
  /** A leader reads the epoch this often, and a coordinator repeats a probe of its leader, or a take-over that the store did not take.
   *  Lower: more reads. Higher: fewer fit in `confirmMs`. */
  readonly readMs: Millis;
  /** A leader that is told to stop waits so long until its vice leads. Lower: where the store is slow nobody leads for a moment.
   *  Higher: where it is away the process ends later. */
  readonly resignMs: Millis;
  /** An observer whose own loop was this late does not count that time as silence. Lower: take-overs are put off more often. */
  readonly stallMs: Millis;
}

export const TAKEOVER_DEFAULTS: TakeoverOptions = {
  beatMs: 50,
  silenceMs: 300,
  strainTimes: 4,
  silenceMaxMs: 1_000,
  strainMs: 60_000,
  firstSilenceMs: 2_000,
  calmMs: 10_000,
  confirmMs: 300,
  readMs: 100,
  resignMs: 1_000,
  stallMs: 100,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming what makes no sense. */
export function takeoverOptions(changes: Partial<TakeoverOptions> = {}): TakeoverOptions {
  const options = { ...TAKEOVER_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    require(value > 0, `take-over: ${name} is more than 0, not ${value}`);
  require(3 * options.beatMs <=
    options.silenceMs, 'take-over: silenceMs allows for two lost beats: at least 3 × beatMs');
  require(2 * options.readMs <= options.confirmMs, 'take-over: confirmMs is at least 2 × readMs');
  require(options.silenceMs <= options.silenceMaxMs, 'take-over: silenceMaxMs is at least silenceMs');
  require(options.silenceMaxMs <= options.firstSilenceMs, 'take-over: firstSilenceMs is at least silenceMaxMs');
  return options;
}

function require(holds: boolean, details: string): void {
  if (!holds) throw new MusterError('BAD_CONFIG', { details });
}
