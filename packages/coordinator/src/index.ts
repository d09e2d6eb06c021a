export type * from './admin/documents.js';
export { Coordinator, type CoordinatorSetup } from './coordinator.js';
export { COORDINATOR_DEFAULTS, type CoordinatorOptions, coordinatorOptions } from './options.js';
