import { type Millis, MusterError } from '@muster/ports';

/** Tunables of the links to other processes. */
export interface PeersOptions {
  /** First wait before a peer is dialled again; doubles to `redialMaxMs`. Lower: a short cut is healed sooner. Higher: fewer dials to the dead. */
  readonly redialMinMs: Millis;
  /** Lower: a peer that comes back is found sooner. Higher: less work while one is away for long. */
  readonly redialMaxMs: Millis;
  /** How long both Hellos may take. Lower: a slow start fails. Higher: a stranger holds a connection for longer. */
  readonly helloTimeoutMs: Millis;
  /** A probe without an answer after this is `silent`. Lower: false alarms under load. Higher: deaths are decided later. */
  readonly probeTimeoutMs: Millis;
  /** Connections that have not said Hello yet. Past it, new ones are closed: strangers cannot fill memory. */
  readonly greetingsMax: number;
  /** Dead incarnations that are remembered, so that a paused process that wakes up is refused. */
  readonly buriedMax: number;
}

export const PEERS_DEFAULTS: PeersOptions = {
  redialMinMs: 20,
  redialMaxMs: 1_000,
  helloTimeoutMs: 1_000,
  probeTimeoutMs: 300,
  greetingsMax: 256,
  buriedMax: 1_024,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function peersOptions(changes: Partial<PeersOptions> = {}): PeersOptions {
  const options = { ...PEERS_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!Number.isFinite(value) || value <= 0)
      throw new MusterError('BAD_CONFIG', { details: `peers.${name} is above 0, not ${value}` });
  if (options.redialMinMs > options.redialMaxMs)
    throw new MusterError('BAD_CONFIG', { details: 'peers.redialMinMs is at most peers.redialMaxMs' });
  return options;
}
