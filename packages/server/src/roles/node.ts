import { ComputeNode } from '@muster/cluster';
import { playKinds, playServices } from '@muster/play';
import type { Storage } from '@muster/ports';
import { NactScheduler } from '@muster/runtime';
import { type Foundation, selfOf } from '../process/foundation.js';
import { clusterOptionsOf } from './cluster-options.js';
import { nodeChecks } from './node-readiness.js';
import type { RoleParts, RunningRole } from './running.js';

/** Kinds of actors that every node runs. */
export function kindsOf({ config, metrics }: Foundation, storage: Storage) {
  const { player, chat, party, room, lobby, lobbyList, autohost, match } = config;
  return playKinds({ storage, metrics, player, chat, party, room, lobby, lobbyList, autohost, match });
}

/** What they ask of storage. */
function servicesOf({ config, clock }: Foundation, storage: Storage) {
  return playServices({ storage, clock, social: config.social });
}

export async function startNode(
  foundation: Foundation,
  { id, listen, store, storage, replaced, retire }: RoleParts,
): Promise<RunningRole> {
  const { config, clock, random, network, metrics, log, tracer, vitals } = foundation;
  const self = selfOf(foundation, id, listen);
  const node = new ComputeNode({
    clock,
    random,
    network,
    store,
    storageIdentity: storage.identity,
    self,
    metrics,
    log: log.with({ incarnation: self.incarnation }),
    tracer,
    vitals,
    replaced,
    retire,
    storage: storage.shards,
    kinds: kindsOf(foundation, storage),
    services: servicesOf(foundation, storage),
    scheduler: new NactScheduler((worker, error) => log.write('error', 'actor.escaped', { worker, error })),
    options: { ...clusterOptionsOf(config), runtime: config.runtime, persistence: config.persistence },
  });
  const address = await node.start();
  return {
    address,
    ready: () =>
      nodeChecks({
        knowsTable: node.ready,
        owned: node.shards.length,
        state: node.agent.standing,
        frozen: node.agent.isFrozen(),
        storage: node.storage,
      }),
    drain: async (hurry) => void (await node.drain(config.process.drainMs, hurry)),
    stop: () => node.stop(),
  };
}
