// One coordinator of a bare cluster.
import { placementKeys } from '@muster/cluster';
import { Coordinator } from '@muster/coordinator';
import { silentLog } from '@muster/ports';
import { answering } from '../child.js';
import { KINDS } from './kinds.js';
import { LIVENESS } from './liveness.js';
import { type Place, stand } from './standing.js';

export interface StartCoordinator extends Place {
  readonly nodes: number;
}

answering({
  start: async ({ nodes, ...place }: StartCoordinator): Promise<void> => {
    const coordinator = new Coordinator({
      ...stand(place),
      placementKeys: placementKeys(KINDS),
      log: silentLog,
      options: { expectNodes: nodes },
      heartbeat: LIVENESS,
    });
    await coordinator.start();
  },
});
