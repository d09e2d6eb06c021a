import type { Millis } from '@muster/ports';
import { Violation } from '../checks/violation.js';
import { type Fault, KINDS } from '../faults/kinds.js';
import { drawPlan, type Plan, unleash, worldOf } from '../faults/plan.js';
import type { Simulation } from '../faults/simulation.js';
import { PLANTS, type PlantName } from '../plants/plants.js';

export interface SeedResult {
  readonly plan: Plan;
  readonly plant: PlantName | undefined;
  readonly world: Simulation;
  /** Over everything that happened: the same for the same seed and seconds. */
  readonly hash: string;
  readonly virtualMs: Millis;
  readonly violation: Violation | undefined;
}

/** One run: up, then `seconds` of faults, then all is healed and must be well. `plant`: with this defect in it. */
export function runSeed(seed: number, seconds: number, plant?: PlantName): Promise<SeedResult> {
  return runPlan(drawPlan(seed, seconds), plant);
}

/** The same with the faults of a plan. */
export async function runPlan(plan: Plan, plant?: PlantName): Promise<SeedResult> {
  const world = worldOf(plan, plant && PLANTS[plant]);
  let violation: Violation | undefined;
  try {
    await world.ready();
    unleash(world, plan, (fault) => strike(world, fault));
    await world.run(plan.seconds * 1_000);
    world.repair();
    await world.calm();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
  }
  return { plan, plant, world, hash: world.trace.hash, virtualMs: world.now, violation };
}

function strike(world: Simulation, fault: Fault): void {
  world.trace.write('fault', 'info', 'strikes', { kind: fault.kind, place: fault.place, other: fault.other });
  KINDS[fault.kind].apply(world, fault);
}
