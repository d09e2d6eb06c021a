import { MusterError } from '@muster/ports';

/** Tunables of battles. */
export interface MatchOptions {
  /** Longest that it may take to find a host and start an engine there. Lower: lobbies hear sooner that there is none.
   *  Higher: more hosts can be tried; each may take the autohost's own `startMs`. */
  readonly hostingMs: number;
  /** Hosts that are asked for one battle. Lower: gives up sooner. Higher: a script that no host takes bothers more of them. */
  readonly hostsTriedMax: number;
  /** Wait before the index of hosts is asked again that may not know all yet. */
  readonly pickAgainMs: number;
  /** The owner hears that the battle runs when all players' actors have; this late at the latest. Lower: a lobby may show the battle before a
   *  player is told to start. Higher: a lobby shows it late while one player's actor is away. */
  readonly tellOwnerMs: number;
  /** How often a match looks whether its autohost still counts on it. Lower: an autohost's actor that lost its state knows sooner what it follows.
   *  Higher: less traffic. */
  readonly holdMs: number;
  /** Longest battle. Lower: ends long games. Higher: an engine that hangs keeps its players longer. */
  readonly battleMaxMs: number;
  /** How long the actor of a battle that is over is kept, so that what comes late finds it ended. */
  readonly keepEndedMs: number;
  /** Idle time after which the actor leaves memory. */
  readonly passivateAfterMs: number;
}

export const MATCH_DEFAULTS: MatchOptions = {
  hostingMs: 45_000,
  hostsTriedMax: 4,
  pickAgainMs: 1_000,
  tellOwnerMs: 1_000,
  holdMs: 60_000,
  battleMaxMs: 8 * 3_600_000,
  keepEndedMs: 600_000,
  passivateAfterMs: 60_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function matchOptions(changes: Partial<MatchOptions> = {}): MatchOptions {
  const options = { ...MATCH_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `match.${name} is ${value}: a positive integer is needed` });
  }
  return options;
}
