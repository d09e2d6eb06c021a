import { type ClusterStore, MusterError, type Storage } from '@muster/ports';
import { AdminServer } from './admin/admin-server.js';
import type { Config } from './config/load.js';
import { Ends } from './process/ends.js';
import {
  type Foundation,
  layFoundation,
  openAccounts,
  openClusterStore,
  type ServerRole,
} from './process/foundation.js';
import { limitHeapGrowth } from './process/system-heap.js';
import type { EndReason } from './process/system-signals.js';
import { endWhenStuck } from './process/system-stuck-loop.js';
import { startCoordinator } from './roles/coordinator.js';
import { startGateway } from './roles/gateway.js';
import { startNode } from './roles/node.js';
import type { RoleParts, RunningRole } from './roles/running.js';

export interface ServeOptions {
  readonly role: ServerRole;
  readonly config: Config;
  /** Name in the cluster store. */
  readonly id: string;
}

/** What a process says of itself when it serves: one JSON line on standard output. */
export interface ServingDocument {
  readonly ready: true;
  readonly role: ServerRole;
  readonly id: string;
  readonly pid: number;
  readonly address: string;
  /** Gateways: where clients connect. */
  readonly client?: string;
  /** Where health, metrics and (coordinators) the admin API are served; absent where they are not. */
  readonly admin?: string;
}

export interface Serving {
  readonly document: ServingDocument;
  /** Resolves when the cluster told the process to end: another incarnation has its place, or an operator asks for a restart. */
  readonly dismissed: Promise<EndReason>;
  /** Hands off what it has; {@link stop} comes after it. `hurry`: leave faster. */
  drain(hurry: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one role of the cluster in this process. What was started is ended again where a later part fails. @throws MusterError */
export async function serve({ role, config, id }: ServeOptions): Promise<Serving> {
  limitHeapGrowth(config.process.heapGrowthPercent);
  const foundation = await layFoundation(config, id);
  const { log } = foundation;
  const ends = new Ends(log);
  ends.add(() => foundation.stop());
  try {
    const store = openClusterStore(foundation);
    ends.add(() => store.close());
    const storage = await openAccounts(foundation);
    ends.add(() => storage.close());
    let dismiss: (reason: EndReason) => void = () => undefined;
    const dismissed = new Promise<EndReason>((resolve) => {
      dismiss = resolve;
    });
    // What a replaced process has is somebody else's already.
    const replaced = (by: string): void => dismiss({ why: `replaced by ${by}`, asked: false });
    const retire = (by: string): void => dismiss({ why: `asked by ${by}`, asked: true });
    const running = await start(role, foundation, { id, store, storage, replaced, retire });
    ends.add(() => running.stop());
    const admin = await serveAdmin(foundation, running, store, storage);
    if (admin) ends.add(() => admin.server.close());
    const { address, clientUrl } = running;
    const document = {
      ready: true as const,
      role,
      id,
      pid: process.pid,
      address,
      ...(clientUrl ? { client: clientUrl } : {}),
      ...(admin ? { admin: admin.url } : {}),
    };
    // Not before: what is loaded at the start may take its time.
    const unwatch = endWhenStuck(id, config.process.stuckMs, log);
    ends.add(async () => unwatch());
    log.write('info', 'process.serves', { ...document });
    return { document, dismissed, drain: (hurry) => running.drain(hurry), stop: () => ends.stop() };
  } catch (error) {
    await ends.stop();
    throw error;
  }
}

function start(role: ServerRole, foundation: Foundation, parts: Omit<RoleParts, 'listen'>): Promise<RunningRole> {
  const { listen } = foundation.config.process;
  if (role === 'coordinator') return startCoordinator(foundation, { ...parts, listen });
  if (role === 'node') return startNode(foundation, { ...parts, listen });
  return startGateway(foundation, { ...parts, listen });
}

async function serveAdmin(foundation: Foundation, running: RunningRole, store: ClusterStore, storage: Storage) {
  const { clock, log, metrics, config } = foundation;
  if (config.admin.listen === '') return undefined;
  const server = new AdminServer({
    clock,
    log,
    metrics,
    checkTimeoutMs: config.admin.checkTimeoutMs,
    ...(running.admin ? { backend: running.admin } : {}),
    ready: () => running.ready(),
    asks: [
      { name: 'cluster store', ask: () => store.range(`/muster/${config.cluster.name}/meta`) },
      { name: 'storage', ask: () => storage.ping() },
    ],
  });
  return { server, url: `http://${await server.listen(config.admin.listen)}` };
}

/** @throws MusterError BAD_CONFIG */
export function serverRole(text: string): ServerRole {
  if (text === 'coordinator' || text === 'node' || text === 'gateway') return text;
  throw new MusterError('BAD_CONFIG', { details: `${text} is no role: coordinator, node and gateway are` });
}
