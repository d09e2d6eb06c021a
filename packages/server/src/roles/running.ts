import type { ClusterStore, Storage } from '@muster/ports';
import type { AdminBackend, ReadyCheck } from '../admin/admin-server.js';

/** What every role is started with, beside its foundation. */
export interface RoleParts {
  /** Name in the cluster store. */
  readonly id: string;
  /** Where other processes of the cluster reach it; port 0 takes a free one. */
  readonly listen: string;
  readonly store: ClusterStore;
  readonly storage: Storage;
  /** Another incarnation has this process's place: end it, it may come back as somebody new. */
  readonly replaced: (by: string) => void;
  /** An operator asks it to hand off and end; whoever started it starts it again. May be repeated. */
  readonly retire: (by: string) => void;
}

/** A role that was started in this process. */
export interface RunningRole {
  /** Where other processes of the cluster reach it, `host:port`. */
  readonly address: string;
  /** Where clients reach it: a gateway's URL. */
  readonly clientUrl?: string;
  readonly admin?: AdminBackend;
  ready(): Promise<readonly ReadyCheck[]> | readonly ReadyCheck[];
  /** Hands off what it has and takes nothing new, until that is done or its time is up. `hurry`: it is to leave faster, still in order. */
  drain(hurry: AbortSignal): Promise<void>;
  /** Orderly: says goodbye, answers what waits. */
  stop(): Promise<void>;
}
