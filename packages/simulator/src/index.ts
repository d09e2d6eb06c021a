export { Violation } from './checks/violation.js';
export { WORLD_DEFAULTS, type WorldOptions, worldOptions } from './options.js';
export { type SimulateSetup, World } from './world.js';
