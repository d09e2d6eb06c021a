import type { ProcessSelf } from '@muster/cluster';
import {
  type Clock,
  type ClusterStore,
  MemoryMetrics,
  type Metrics,
  type Network,
  type Random,
  SystemClock,
  SystemRandom,
  token,
} from '@muster/ports';
import { EtcdStore } from '@muster/storage';
import { GrpcNetwork } from '@muster/wire';

/** Where every process of a bare cluster finds the others. */
export interface Place {
  readonly etcd: string;
  /** Own name. */
  readonly id: string;
}

/** What every one of them stands on: real time, real gRPC, the same etcd; no telemetry. */
export interface Standing {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly store: ClusterStore;
  readonly metrics: Metrics;
  readonly self: ProcessSelf;
}

const INCARNATION_BYTES = 6;

export function stand({ etcd, id }: Place): Standing {
  const clock = new SystemClock();
  const random = new SystemRandom();
  return {
    clock,
    random,
    network: new GrpcNetwork({ clock }),
    store: new EtcdStore({ hosts: [etcd], clock, random }),
    metrics: new MemoryMetrics(),
    self: {
      id,
      incarnation: token(random, INCARNATION_BYTES),
      address: '127.0.0.1:0',
      cluster: 'bench',
      zone: 'here',
      build: 'bench',
    },
  };
}
