import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, LocalEtcd } from '@muster/storage';
import { Child } from '../child.js';
import type { StartCoordinator } from './coordinator.js';
import type { Place } from './standing.js';

export interface BareShape {
  readonly nodes: number;
  /** The process that sends the commands: calls `start(Place)` of it. */
  readonly driver: URL;
  readonly nodeFlags: readonly string[];
}

export interface BareCluster {
  readonly coordinator: Child;
  readonly nodes: readonly Child[];
  readonly driver: Child;
}

const START_MS = 60_000;
/** As the first coordinator of a folder: nobody else is there to be waited for. */
const COORDINATOR = 'coordinator-a';

/**
 * etcd, a coordinator, nodes and a driver, a process each, over real gRPC: what runs actors and keeps them safe, without the edge (sockets,
 * sign-in, Tachyon) and without a database. All of them end with `body`, however that ends.
 */
export async function withBareCluster<T>(
  interrupted: AbortSignal,
  { nodes: count, driver: entry, nodeFlags }: BareShape,
  body: (cluster: BareCluster) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  const etcd = await LocalEtcd.start({ program: findProgram('etcd', process.env), folder });
  const coordinator = new Child(new URL('./coordinator.js', import.meta.url));
  const nodes = Array.from({ length: count }, () => new Child(new URL('./node.js', import.meta.url), nodeFlags));
  const driver = new Child(entry, nodeFlags);
  const all = [driver, ...nodes, coordinator];
  const end = () => Promise.all(all.map((child) => child.end()));
  interrupted.addEventListener('abort', end, { once: true });
  try {
    interrupted.throwIfAborted();
    const place = (id: string): Place => ({ etcd: etcd.url, id });
    const started: StartCoordinator = { ...place(COORDINATOR), nodes: count };
    await coordinator.ask('start', started, START_MS);
    await Promise.all(nodes.map((node, n) => node.ask('start', place(`node-${n + 1}`), START_MS)));
    await driver.ask('start', place('driver-1'), START_MS);
    return await body({ coordinator, nodes, driver });
  } finally {
    interrupted.removeEventListener('abort', end);
    await end();
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
