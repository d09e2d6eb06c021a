export * from './actor.js';
export * from './define.js';
export type { Entry, Outgoing } from './entries.js';
export { encodeEntries } from './entry-text.js';
export {
  type ActorSnapshot,
  applyRecord,
  compactActor,
  type Deferred,
  damagedActor,
  type Envelope,
  emptyEnvelope,
  type Received,
  restoreActor,
  restoreEnvelope,
  type SavedActor,
  type SetTimer,
  saveEnvelope,
} from './envelope.js';
export * from './host.js';
export { InlineScheduler } from './inline-scheduler.js';
export { decodeJson, encodeJson } from './json.js';
export { NactScheduler } from './nact-scheduler.js';
export { RUNTIME_DEFAULTS, type RuntimeOptions, runtimeOptions } from './options.js';
export type { RuntimeRules } from './rules.js';
export { ActorRuntime, type ActorRuntimeParts } from './runtime.js';
export type { DrainResult, LocalScheduler, SchedulerStats, Work, Worker } from './scheduler.js';
export * from './service.js';
