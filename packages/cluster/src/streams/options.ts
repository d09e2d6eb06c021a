import { type Millis, MusterError } from '@muster/ports';

/** Tunables of event streams. */
export interface StreamsOptions {
  /** First wait before an owner that refused for the moment is asked again; doubles to `retryMaxMs`.
   *  Lower: events come again sooner after a failover. Higher: fewer questions to an owner that is not ready. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
  /** A subscription that was not acknowledged is asked for again after this. Lower: asks twice while an actor loads. Higher: events come later. */
  readonly askTimeoutMs: Millis;
  /** How often retries and time-outs are looked at. */
  readonly sweepMs: Millis;
  /** (entity, topic) pairs of this process. */
  readonly subscriptions: number;
}

export const STREAMS_DEFAULTS: StreamsOptions = {
  retryMinMs: 20,
  retryMaxMs: 1_000,
  askTimeoutMs: 2_000,
  sweepMs: 20,
  subscriptions: 500_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function streamsOptions(changes: Partial<StreamsOptions> = {}): StreamsOptions {
  const options = { ...STREAMS_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!Number.isFinite(value) || value <= 0)
      throw new MusterError('BAD_CONFIG', { details: `streams.${name} is above 0, not ${value}` });
  return options;
}
