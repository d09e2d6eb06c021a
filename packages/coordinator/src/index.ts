export type { AuditEntry } from './admin/audit.js';
export type * from './admin/documents.js';
export { Coordinator } from './coordinator.js';
export {
  BALANCER_DEFAULTS,
  type BalancerOptions,
  balancerOptions,
  COORDINATOR_DEFAULTS,
  type CoordinatorOptions,
  coordinatorOptions,
  HEADROOM_DEFAULTS,
  type HeadroomOptions,
  headroomOptions,
} from './options.js';
export type { PolicyChanges } from './policies.js';
export type { CoordinatorRules } from './rules.js';
export type { CoordinatorSetup } from './setup.js';
