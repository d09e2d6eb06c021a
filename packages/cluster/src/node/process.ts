import {
  type Clock,
  type ClusterStore,
  type Log,
  type Metrics,
  type Network,
  peerId,
  type Random,
  type Role,
  SHARDS,
  type ShardLayout,
} from '@muster/ports';
import type { SelfInfo } from '../links/handshake.js';
import { Peers } from '../links/peers.js';
import type { MemberAgent } from '../membership/agent.js';
import type { RoutingTable } from '../table/routing-table.js';
import type { ClusterOptions } from './options.js';

/** What this process is called and where it listens (`host:0`: any free port). */
export interface ProcessSelf {
  readonly id: string;
  /** Another with every start (K3). */
  readonly incarnation: string;
  readonly address: string;
  readonly cluster: string;
  readonly zone: string;
  readonly build: string;
  /** How the cluster is cut; a process with another layout is refused. Absent: {@link SHARDS}. */
  readonly shards?: ShardLayout;
}

/** How the process itself fares; the composition root knows. */
export interface Vitals {
  readonly loopLagMs: number;
  /** Of the event loop, 0…1. */
  readonly utilisation: number;
  readonly rssBytes: number;
}

export interface ProcessSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly store: ClusterStore;
  readonly self: ProcessSelf;
  /** Which storage this process has: of two clusters on one prefix of the store the second is refused. Undefined: it has none. */
  readonly storageIdentity?: string | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly vitals?: () => Vitals;
  /** Somebody else has this process's place: it has stopped working and must be ended. */
  readonly replaced?: (by: string) => void;
  /** An operator asks it to hand off and end with code 0; whoever started it starts it again. May be repeated. */
  readonly retire?: (by: string) => void;
}

export const unknownVitals = (): Vitals => ({ loopLagMs: 0, utilisation: 0, rssBytes: 0 });

export function peersOf(setup: ProcessSetup, role: Role, options: ClusterOptions): Peers {
  const { clock, random, network, metrics, log, self } = setup;
  const { id, incarnation, cluster, zone, build, shards = SHARDS } = self;
  // Until it listens it has no address that others could dial.
  const info: SelfInfo = { role, peer: peerId(id, incarnation), address: '', cluster, zone, build, shards };
  const { peers, link } = options;
  return new Peers({
    clock,
    random,
    network,
    metrics,
    log,
    self: info,
    ...(peers && { options: peers }),
    ...(link && { link }),
  });
}

/** A table has come in which every hashed shard has an owner, and the leader can be reached. */
export function isReady(table: RoutingTable, peers: Peers, agent: MemberAgent): boolean {
  if (table.revision === 0 || peers.link(agent.leader) === undefined) return false;
  return table.allRows().every(({ owner, shard }) => owner !== '' || !table.layout.isHashed(shard));
}
