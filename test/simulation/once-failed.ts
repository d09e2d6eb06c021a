/** A seed that broke an invariant once: what it found, and the commit that mended it. It runs with every test from then on. */
export interface OnceFailed {
  readonly seed: number;
  readonly seconds: number;
  readonly found: string;
  readonly fixedIn: string;
}

export const ONCE_FAILED: readonly OnceFailed[] = [
  {
    seed: 1,
    seconds: 20,
    found: 'a session that its client was just ending was attached again at the new owner, and outlived its socket',
    fixedIn: 'a3b7ddc',
  },
  {
    seed: 74,
    seconds: 20,
    found: 'a clean detach said that requests under way were answered: their repeats were TOO_OLD (K11)',
    fixedIn: '17434b7',
  },
];
