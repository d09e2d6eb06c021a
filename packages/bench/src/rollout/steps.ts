import type { Observed } from '../players/observed.js';

/** What `musterctl rollout restart --json` says, a line each, with when it said so (wall clock). */
export type Said = { readonly wall: number } & (
  | { readonly type: 'plan'; readonly steps: readonly { readonly id: string; readonly role: Role }[] }
  | { readonly type: 'asked' | 'skipped' | 'back' | 'settled'; readonly step: number }
  | { readonly type: 'done' }
);

export type Role = 'coordinator' | 'node' | 'gateway';

/** The restart of one process, from when it was asked to go until all was well again. */
export interface Step {
  readonly id: string;
  readonly role: Role;
  readonly from: number;
  readonly until: number;
}

/**
 * A process is also `skipped` when the answer to its question was lost with it: it is gone, and what follows is its restart.
 * @throws Error where the rollout did not come to its end: then nothing is measured.
 */
export function stepsOf(said: readonly Said[]): readonly Step[] {
  const [plan] = said;
  if (plan?.type !== 'plan' || said.at(-1)?.type !== 'done') throw new Error('the rollout did not come to its end');
  const when = (types: readonly Said['type'][], step: number): number => {
    const found = said.find((one) => types.includes(one.type) && 'step' in one && one.step === step);
    if (!found) throw new Error(`step ${step} of the rollout was never ${types.join(' or ')}`);
    return found.wall;
  };
  return plan.steps.map(({ id, role }, at) => ({
    id,
    role,
    from: when(['asked', 'skipped'], at + 1),
    until: when(['settled'], at + 1),
  }));
}

/** How many of these instants were in the steps of each role; `between`: in none. A step's time runs on to the next one. */
export function countByRole(
  steps: readonly Step[],
  walls: readonly number[],
): Readonly<Record<Role | 'between', number>> {
  const counts = { coordinator: 0, node: 0, gateway: 0, between: 0 };
  for (const wall of walls) {
    const step = steps.findLast(({ from }) => from <= wall);
    counts[step?.role ?? 'between'] += 1;
  }
  return counts;
}

/** Commands sent while a process of this role was restarted. `wallOffset`: from their clock to the wall's. */
export function sentDuring(
  steps: readonly Step[],
  role: Role,
  commands: readonly Observed[],
  wallOffset: number,
): readonly Observed[] {
  const mine = steps.filter((step) => step.role === role);
  return commands.filter(({ sentAt }) => {
    const wall = sentAt + wallOffset;
    return mine.some(({ from, until }) => wall >= from && wall < until);
  });
}
