export type { AuditEntry } from './admin/audit.js';
export type * from './admin/documents.js';
export { Coordinator, type CoordinatorSetup } from './coordinator.js';
export { COORDINATOR_DEFAULTS, type CoordinatorOptions, coordinatorOptions } from './options.js';
export type { PolicyChanges } from './policies.js';
export type { CoordinatorRules } from './rules.js';
