import type { ClusterOptions } from '@muster/cluster';
import type { Config } from '../config/load.js';

/** What every member of the cluster takes from the configuration. */
export function clusterOptionsOf(config: Config): ClusterOptions {
  const { peers, link, routing: router, streams, heartbeat, membership } = config;
  return { peers, link, router, streams, heartbeat, membership };
}
