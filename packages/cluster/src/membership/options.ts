import { type Millis, MusterError } from '@muster/ports';

/** How a process keeps its place in the cluster store. */
export interface MembershipOptions {
  /** Of the lease a process is registered on. A hint only: nobody dies of it. Lower: names of the dead are listed for less long.
   *  Higher: an election of the store or a short outage costs no registration. At least 2 s in etcd. */
  readonly leaseMs: Millis;
  /** The lease is renewed this often. Lower: more requests per process. Higher: fewer renewals fit in `leaseMs`. */
  readonly renewMs: Millis;
  /** After a failure the next try comes this soon. Lower: more load on a store that is in trouble. Higher: a later heal. */
  readonly retryMs: Millis;
  /** Watches may lose events, so everything is listed again this often. Lower: more reads. Higher: what was missed is missed for longer. */
  readonly listMs: Millis;
  /** A hint of a watch is followed by a list after this: several hints make one list. */
  readonly hintMs: Millis;
}

export const MEMBERSHIP_DEFAULTS: MembershipOptions = {
  leaseMs: 10_000,
  renewMs: 1_000,
  retryMs: 250,
  listMs: 2_000,
  hintMs: 5,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming what makes no sense. */
export function membershipOptions(changes: Partial<MembershipOptions> = {}): MembershipOptions {
  const options = { ...MEMBERSHIP_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0))
      throw new MusterError('BAD_CONFIG', { details: `membership: ${name} is more than 0, not ${value}` });
  if (3 * options.renewMs > options.leaseMs)
    throw new MusterError('BAD_CONFIG', {
      details: 'membership: leaseMs allows for two lost renewals: at least 3 × renewMs',
    });
  return options;
}
