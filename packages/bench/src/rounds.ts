/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between neighbours, as most tools have it. `share` of [0, 1]. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  return sorted[low]! + (sorted[Math.ceil(at)]! - sorted[low]!) * (at - low);
}

/**
 * Runs every side once per round, in turns (A B A B…), so that whatever else the machine does befalls all of them alike.
 * The first `warmUps` rounds are thrown away. Returns each side's samples in round order.
 */
export async function inTurns<S extends string, T>(
  sides: Readonly<Record<S, () => Promise<T>>>,
  { rounds, warmUps }: { readonly rounds: number; readonly warmUps: number },
): Promise<Record<S, T[]>> {
  const names = Object.keys(sides) as S[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<S, T[]>;
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (const name of names) {
      const sample = await sides[name]();
      if (round >= warmUps) samples[name].push(sample);
    }
  }
  return samples;
}

/** Smallest and largest ratio of any one round: how far the machine's mood reaches. */
export function spread(
  values: readonly number[],
  baselines: readonly number[],
): { readonly low: number; readonly high: number } {
  const ratios = values.map((value, round) => value / baselines[round]!);
  return { low: Math.min(...ratios), high: Math.max(...ratios) };
}
