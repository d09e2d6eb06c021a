export { Violation } from './checks/violation.js';
export { type Heal, type Place, type Simulation, simulate } from './faults/simulation.js';
export { WORLD_DEFAULTS, type WorldOptions, worldOptions } from './options.js';
export type { SimulateSetup, World } from './world.js';
