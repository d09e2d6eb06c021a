export { Violation } from './checks/violation.js';
export { drawPlan, type Plan, parsePlan } from './faults/plan.js';
export { type Heal, type Place, type Simulation, simulate } from './faults/simulation.js';
export { WORLD_DEFAULTS, type WorldOptions, worldOptions } from './options.js';
export { isPlant, PLANTS, type Plant, type PlantName } from './plants/plants.js';
export { violationReport } from './runs/report.js';
export { runPlan, runSeed, type SeedResult } from './runs/run-seed.js';
export type { SimulateSetup, World } from './world.js';
