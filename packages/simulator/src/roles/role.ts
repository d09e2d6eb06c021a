import type { ProcessSelf, RoutingTable } from '@muster/cluster';
import type { ClusterStore, Millis, Network, Storage } from '@muster/ports';
import type { OneWriter } from '../checks/one-writer.js';
import type { Ungated } from '../checks/ungated.js';
import type { SimProcess } from '../engine/sim-process.js';
import type { Plant } from '../plants/plants.js';

export type RoleName = 'coordinator' | 'node' | 'gateway';

/** What the composition root gives a role: everything it may ask of the outside. */
export interface Surroundings {
  readonly process: SimProcess;
  readonly network: Network;
  readonly store: ClusterStore;
  readonly storage: Storage;
  readonly self: ProcessSelf;
  readonly writers: OneWriter;
  readonly ungated: Ungated;
  /** The defect that this world has, if any. */
  readonly plant: Plant;
  /** How many nodes a cold start waits for. */
  readonly expectNodes: number;
  /** The process has to end: somebody else has its place. */
  readonly replaced: (by: string) => void;
}

/** A real role, put together for the simulation as `server` puts it together for production. */
export interface Role {
  readonly name: RoleName;
  start(): Promise<unknown>;
  /** An orderly end, `hurryMs` from now at the latest. */
  stop(hurryMs: Millis): Promise<void>;
  /** Highest epoch seen. */
  readonly epoch: number;
  /** Its copy of the table, where it has one. */
  readonly table: RoutingTable | undefined;
  /** Commands that it sent and that are not answered yet. */
  readonly pending: number;
}
