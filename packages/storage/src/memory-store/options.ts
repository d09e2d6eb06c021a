import { type Millis, MusterError } from '@muster/ports';

export interface MemoryStoreOptions {
  /** How long a call waits for its answer. Lower: a stalled store is noticed sooner; higher: fewer unknown outcomes in a short stall. As with etcd. */
  readonly requestTimeoutMs: Millis;
  /** The same for a renewal, which has to fit between two of its kind. As with etcd. */
  readonly renewTimeoutMs: Millis;
  /** Changes kept for watches that start in the past. Lower: less memory, more gaps called `compacted`; higher: the opposite. */
  readonly historyRevisions: number;
  /** Keys. A cluster has one per process, page, override and audit entry; beyond this something writes without end. */
  readonly maxEntries: number;
  /** Leases. One per process; beyond this something grants without end. */
  readonly maxLeases: number;
  /** Messages that wait in one stalled path; the rest is lost. Higher: longer stalls are told in full, for more memory. */
  readonly maxStalledMessages: number;
}

export const memoryStoreDefaults: MemoryStoreOptions = {
  requestTimeoutMs: 1_000,
  renewTimeoutMs: 800,
  historyRevisions: 10_000,
  maxEntries: 100_000,
  maxLeases: 10_000,
  maxStalledMessages: 1_024,
};

/** @throws MusterError BAD_CONFIG */
export function checkMemoryStoreOptions(options: MemoryStoreOptions): MemoryStoreOptions {
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `memory store: ${name} must be a whole number above 0` });
  return options;
}
