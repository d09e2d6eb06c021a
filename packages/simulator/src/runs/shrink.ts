// A schedule of faults that breaks an invariant, cut down to what is needed: delta debugging (Zeller and Hildebrandt, 2002). The seed stays,
// so the cluster, its network and its clients are drawn alike; leave out half of the faults, then quarters, … down to single ones, and keep
// whatever still breaks the same invariant. Each try is a whole run, so their number is bounded.

import type { Fault } from '../faults/kinds.js';
import type { Plan } from '../faults/plan.js';

export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
}

/** `breaks`: whether a run of this plan breaks the invariant in question. */
export async function shrink(plan: Plan, breaks: (plan: Plan) => Promise<boolean>, runsMax: number): Promise<Shrunk> {
  let faults = plan.faults;
  let runs = 0;
  let parts = 2;
  while (faults.length > 0 && runs < runsMax) {
    const found = await withoutOne(parts);
    if (found) {
      faults = found;
      parts = Math.max(2, parts - 1);
    } else if (parts >= faults.length) break;
    else parts = Math.min(faults.length, parts * 2);
  }
  return { plan: { ...plan, faults }, runs };

  async function withoutOne(count: number): Promise<readonly Fault[] | undefined> {
    const size = Math.ceil(faults.length / count);
    for (let from = 0; from < faults.length && runs < runsMax; from += size) {
      const rest = [...faults.slice(0, from), ...faults.slice(from + size)];
      runs += 1;
      if (await breaks({ ...plan, faults: rest })) return rest;
    }
    return undefined;
  }
}
