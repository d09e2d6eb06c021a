import type { AdminBackend, ReadyCheck } from '../admin/admin-server.js';

/** A role that was started in this process. */
export interface RunningRole {
  /** Where other processes of the cluster reach it, `host:port`. */
  readonly address: string;
  /** Where clients reach it: a gateway's URL. */
  readonly clientUrl?: string;
  readonly admin?: AdminBackend;
  ready(): Promise<readonly ReadyCheck[]> | readonly ReadyCheck[];
  /** Orderly: says goodbye, answers what waits. */
  stop(): Promise<void>;
}
