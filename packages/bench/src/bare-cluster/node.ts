// One node of a bare cluster: a whole ComputeNode on nact with the kinds of the benchmarks.
import { ComputeNode } from '@muster/cluster';
import { silentLog, silentTracer } from '@muster/ports';
import { NactScheduler } from '@muster/runtime';
import { answering } from '../child.js';
import { KINDS } from './kinds.js';
import { LIVENESS, PATIENT_REPLICATION } from './liveness.js';
import { type Place, stand } from './standing.js';

let node: ComputeNode | undefined;

answering({
  start: async (place: Place): Promise<void> => {
    node = new ComputeNode({
      ...stand(place),
      kinds: KINDS,
      scheduler: new NactScheduler(),
      tracer: silentTracer,
      log: silentLog,
      options: { heartbeat: LIVENESS, replication: PATIENT_REPLICATION },
    });
    await node.start();
  },
  /** Actors it runs. */
  actors: (): number => node?.runtime.stats().actors ?? 0,
});
