import { type Millis, MusterError } from '@muster/ports';

/** Tunables of moving a shard that is in use, of both the leader's and the nodes' parts. */
export interface HandoffOptions {
  /** A move whose target has not caught up after this long is given up. Lower: large shards cannot be moved over slow links.
   *  Higher: a target that never catches up keeps the shard from going elsewhere. */
  readonly catchUpMs: Millis;
  /** Nothing is sealed unless the store answered this lately (K13). Lower: moves wait for an answer more often.
   *  Higher: more likely that a shard is sealed when the store has just gone away, and stays so until it is back. */
  readonly storeFreshMs: Millis;
  /** The leader gives a seal up after this long by itself. Above `abortAskMs`: usually the source asks first. */
  readonly sealMs: Millis;
  /** The leader repeats what has no answer, and tries again what the store did not take, this often. */
  readonly againMs: Millis;
  /** A sealed source asks for an abort after this long. Lower: slow stores make moves fail. Higher: clients wait longer for nothing. */
  readonly abortAskMs: Millis;
  /** A source that waits, sealed, says so this often. Lower: a shard whose leader died opens sooner. Higher: fewer messages while the store is away. */
  readonly sayEveryMs: Millis;
  /** A hand-over that went out and was not taken is sent again after this long. */
  readonly handoverAgainMs: Millis;
  /** Characters of ungated actors that go with a seal: they are in no log, so they are part of the pause. What is over it is left behind,
   *  counted. Lower: more of them begin anew. Higher: longer pauses. */
  readonly ungatedCharsMax: number;
}

export const HANDOFF_DEFAULTS: HandoffOptions = {
  catchUpMs: 30_000,
  storeFreshMs: 200,
  sealMs: 2_000,
  againMs: 100,
  abortAskMs: 1_000,
  sayEveryMs: 250,
  handoverAgainMs: 100,
  ungatedCharsMax: 4_194_304,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function handoffOptions(changes: Partial<HandoffOptions> = {}): HandoffOptions {
  const options = { ...HANDOFF_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw bad(`${name} is more than 0, not ${value}`);
  if (options.sealMs < options.abortAskMs) throw bad('the source asks first: abortAskMs is at most sealMs');
  return options;
}

function bad(problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `handoff: ${problem}` });
}
