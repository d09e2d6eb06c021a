import { ClusterClient, placementKeys } from '@muster/cluster';
import { GatewayCore, GatewayServer } from '@muster/gateway';
import { ensureBot } from '@muster/storage';
import { TachyonProtocol } from '@muster/tachyon';
import { botsOf, type Config } from '../config/load.js';
import { type Foundation, selfOf } from '../process/foundation.js';
import { clusterOptionsOf } from './cluster-options.js';
import { kindsOf } from './node.js';
import type { RoleParts, RunningRole } from './running.js';

export async function startGateway(
  foundation: Foundation,
  { id, listen, store, storage, replaced, retire }: RoleParts,
): Promise<RunningRole> {
  const { config, clock, random, network, metrics, tracer, vitals } = foundation;
  const self = selfOf(foundation, id, listen);
  const log = foundation.log.with({ incarnation: self.incarnation });
  for (const bot of botsOf(config)) await ensureBot(storage.accounts, bot);
  const cluster = new ClusterClient({
    clock,
    random,
    network,
    store,
    storageIdentity: storage.identity,
    self,
    metrics,
    log,
    vitals,
    replaced,
    retire,
    placementKeys: placementKeys(kindsOf(foundation, storage)),
    options: clusterOptionsOf(config),
  });
  const protocol = new TachyonProtocol(config.tachyon);
  const core = new GatewayCore({ clock, random, cluster, metrics, log, tracer, protocol, options: config.gateway });
  const server = new GatewayServer({
    core,
    storage,
    clock,
    random,
    metrics,
    log,
    options: config.edge,
    oauth: oauthOf(config),
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await cluster.stop();
  };
  const address = await cluster.start();
  try {
    const { url } = await server.listen(hostAndPort(config.http.listen));
    cluster.announce(publicUrlOf(config, url));
    const drain = async (hurry: AbortSignal): Promise<void> => {
      // Before the others are looked up: two that stop at once do not send their clients to each other.
      cluster.drain();
      await server.drain(await cluster.otherGateways(), hurry);
    };
    return { address, clientUrl: url, ready: () => server.ready(), drain, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What clients elsewhere can use: not an address that stands for every one of this machine. */
function publicUrlOf({ oauth }: Config, url: string): string {
  if (oauth.publicUrl !== '') return oauth.publicUrl;
  const { hostname } = new URL(url);
  return hostname === '0.0.0.0' || hostname === '[::]' ? '' : url;
}

function oauthOf({ oauth, issuer, externalIssuers }: Config) {
  const { publicUrl, ...limits } = oauth;
  return { ...limits, ...(publicUrl === '' ? {} : { publicUrl }), embedded: issuer, external: externalIssuers };
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
