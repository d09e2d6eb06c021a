import { type Millis, MusterError } from '@muster/ports';

/** Tunables of the router. */
export interface RouterOptions {
  /** Longest that a command waits for an owner, all its waits together. Lower: clients see errors during a slow failover.
   *  Higher: they wait for an answer that will not come. A silent node is replaced after about 1 s. */
  readonly holdMs: Millis;
  /** Commands that wait per shard while nothing can be sent. Lower: errors in a burst. Higher: memory, and a burst for the new owner. */
  readonly holdMessages: number;
  /** The same in bytes of data. */
  readonly holdBytes: number;
  /** Of commands that have piled up for a shard as many go to its new owner at first as it takes for everybody to have sent one of each kind, at
   *  least so many, and so many with each answer. Lower: the last of them are answered later. Higher: after a death, first answers wait
   *  behind everything that piled up. */
  readonly openingCommands: number;
  /** So long at most: then the rest goes whatever was answered. Lower and higher: as above, the other way round. */
  readonly openingMs: Millis;
  /** Unanswered commands of one shard, sent or waiting. Lower: an actor that answers late (matchmaking) refuses callers.
   *  Higher: more is sent again at a failover. */
  readonly unansweredPerShard: number;
  /** Unanswered commands of this process. */
  readonly unanswered: number;
  /** How often deadlines and holds are checked. Lower: more exact. Higher: less work per second with many unanswered commands. */
  readonly sweepMs: Millis;
  /** First wait after a bounce that names no newer owner (the table is late, or the seal is short). Doubles with each bounce. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
  /** Bounces are no longer "in a row" after this long without one. */
  readonly retryForgetMs: Millis;
}

export const ROUTER_DEFAULTS: RouterOptions = {
  holdMs: 3_000,
  holdMessages: 1_000,
  holdBytes: 1024 * 1024,
  openingCommands: 4,
  openingMs: 300,
  unansweredPerShard: 10_000,
  unanswered: 200_000,
  sweepMs: 25,
  retryMinMs: 20,
  retryMaxMs: 250,
  retryForgetMs: 1_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function routerOptions(changes: Partial<RouterOptions> = {}): RouterOptions {
  const options = { ...ROUTER_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!Number.isFinite(value) || value <= 0)
      throw new MusterError('BAD_CONFIG', { details: `router.${name} is above 0, not ${value}` });
  if (options.retryMinMs > options.retryMaxMs)
    throw new MusterError('BAD_CONFIG', { details: 'router.retryMinMs is at most router.retryMaxMs' });
  return options;
}
