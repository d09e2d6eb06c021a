/** A plan that broke an invariant once: what it found, and the commit that mended it. It runs with every test from then on. */
export interface OnceFailed {
  /** File in `plans/once-failed`: a plan as it was drawn then, because what seeds draw changes with every new kind of fault. */
  readonly plan: string;
  readonly found: string;
  readonly fixedIn: string;
}

export const ONCE_FAILED: readonly OnceFailed[] = [
  {
    plan: 'session-outlives-its-socket',
    found: 'a session that its client was just ending was attached again at the new owner, and outlived its socket',
    fixedIn: 'a3b7ddc',
  },
  {
    plan: 'detach-forgets-what-waits',
    found: 'a clean detach said that requests under way were answered: their repeats were TOO_OLD (K11)',
    fixedIn: '17434b7',
  },
  {
    plan: 'fenced-shard-given-away',
    found: 'a shard that stood still for its fence was taken for empty, and opened elsewhere without one (K12)',
    fixedIn: '75469ad',
  },
  {
    plan: 'storage-ahead-of-a-backup',
    found: 'storage had a record that the backup never got: once that was promoted there were two of one number (K9)',
    fixedIn: '9018ae2',
  },
  {
    plan: 'parked-with-nobody-to-serve',
    found:
      'a row that came while a node that ended parked its shards kept it for five seconds, with all of them sealed',
    fixedIn: 'A node that ends',
  },
];
