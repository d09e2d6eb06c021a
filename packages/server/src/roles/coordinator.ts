import { placementKeys } from '@muster/cluster';
import { Coordinator } from '@muster/coordinator';
import { CoordinatorLink } from '../admin/coordinator-link.js';
import { BUILD, type Foundation, selfOf } from '../process/foundation.js';
import { breakGlassOf } from './break-glass.js';
import { kindsOf } from './node.js';
import type { RoleParts, RunningRole } from './running.js';

export async function startCoordinator(
  foundation: Foundation,
  { id, listen, store, storage, replaced, retire }: RoleParts,
): Promise<RunningRole> {
  const { config, clock, random, network, metrics } = foundation;
  const { coordinator: options, balancer, headroom, heartbeat, takeover, membership, peers, link } = config;
  const self = selfOf(foundation, id, listen);
  const kinds = kindsOf(foundation, storage);
  const log = foundation.log.with({ incarnation: self.incarnation });
  const coordinator = new Coordinator({
    clock,
    random,
    network,
    store,
    storage: storage.regime,
    records: storage,
    shards: storage.shards,
    storageIdentity: storage.identity,
    self,
    placementKeys: placementKeys(kinds),
    kinds: new Set(kinds.map(({ kind }) => kind)),
    breakGlass: breakGlassOf(config.admin.breakGlassFile),
    metrics,
    log,
    onReplaced: replaced,
    retire,
    options,
    balancer,
    headroom,
    heartbeat,
    takeover,
    membership,
    peers,
    link,
  });
  await coordinator.start();
  const { peer, address } = coordinator.peers.self;
  const admin = new CoordinatorLink({
    clock,
    random,
    network,
    metrics,
    log,
    cluster: self.cluster,
    build: BUILD,
    home: { peer, address },
  });
  return {
    address,
    admin,
    ready: () => [
      {
        name: 'leader',
        ok: coordinator.ready,
        detail: coordinator.leads ? `leads epoch ${coordinator.epoch}` : `follows epoch ${coordinator.epoch}`,
      },
      {
        name: 'room in the cluster store',
        ok: coordinator.storeHasRoom,
        detail: coordinator.storeHasRoom ? '' : 'it takes no writes: nothing is moved, placed or failed over',
      },
    ],
    // It hands over to its vice in stop(): there is nothing to hand off before.
    drain: () => Promise.resolve(),
    stop: async () => {
      await admin.stop();
      await coordinator.stop();
    },
  };
}
