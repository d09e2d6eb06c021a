import { mkdirSync } from 'node:fs';
import { MemoryStore } from '@muster/storage';
import { LoopbackNetwork } from '@muster/wire';
import { AdminServer } from './admin/admin-server.js';
import { type Config, readConfig } from './config/load.js';
import { Ends } from './process/ends.js';
import { type Foundation, layFoundation, openAccounts } from './process/foundation.js';
import { startCoordinator } from './roles/coordinator.js';
import { startGateway } from './roles/gateway.js';
import { startNode } from './roles/node.js';
import type { RunningRole } from './roles/running.js';

export interface DevOptions {
  readonly port: number;
  readonly adminPort: number;
  /** Folder for the embedded database. */
  readonly data: string;
  readonly config: string | undefined;
  readonly overrides: readonly string[];
}

export interface DevServer {
  /** Where clients connect. */
  readonly gateway: string;
  /** Where musterctl, health and metrics connect. */
  readonly admin: string;
  /** What to try next. */
  readonly hints: string;
  stop(): Promise<void>;
}

/** The bot that is there from the start, so that an autohost can sign in without any set-up. */
const DEV_BOT = { clientId: 'autohost', secret: 'autohost', name: 'autohost' };

/** Every role in one process, on embedded defaults: links in memory, the cluster store in memory, accounts in PGlite. @throws MusterError */
export async function serveDev(options: DevOptions): Promise<DevServer> {
  const config = devConfig(options);
  mkdirSync(config.process.data, { recursive: true });
  const real = layFoundation(config, 'muster');
  const foundation: Foundation = { ...real, network: new LoopbackNetwork({ clock: real.clock }) };
  const { log, clock } = foundation;
  const ends = new Ends(log);
  ends.add(() => real.stop());
  try {
    const storage = await openAccounts(foundation);
    ends.add(() => storage.close());
    const store = new MemoryStore({ clock });
    ends.add(() => store.close());
    // One process: whoever takes its place has taken its port as well.
    const replaced = (by: string): void => log.write('error', 'process.replaced', { by });
    const begin = async (starting: Promise<RunningRole>): Promise<RunningRole> => {
      const role = await starting;
      ends.add(() => role.stop());
      return role;
    };
    const parts = { store, storage, replaced, listen: 'muster:0' };
    const coordinator = await begin(startCoordinator(foundation, { ...parts, id: 'coordinator-a' }));
    const node = await begin(startNode(foundation, { ...parts, id: 'node-1' }));
    const gateway = await begin(startGateway(foundation, { ...parts, id: 'gateway-1' }));
    const roles = [coordinator, node, gateway];
    const admin = new AdminServer({
      clock,
      log,
      metrics: foundation.metrics,
      checkTimeoutMs: config.admin.checkTimeoutMs,
      ready: async () => (await Promise.all(roles.map((role) => role.ready()))).flat(),
      ...(coordinator.admin ? { backend: coordinator.admin } : {}),
    });
    const adminUrl = `http://${await admin.listen(config.admin.listen)}`;
    ends.add(() => admin.close());
    await ready(foundation, roles);
    const gatewayUrl = gateway.clientUrl ?? '';
    return { gateway: gatewayUrl, admin: adminUrl, hints: hints(gatewayUrl, adminUrl), stop: () => ends.stop() };
  } catch (error) {
    await ends.stop();
    throw error;
  }
}

function devConfig({ port, adminPort, data, config, overrides }: DevOptions): Config {
  const defaults = [
    `http.listen="127.0.0.1:${port}"`,
    `admin.listen="127.0.0.1:${adminPort}"`,
    `process.data=${JSON.stringify(data)}`,
    'issuer.signIn="dev"',
    'telemetry.logLevel="warn"',
    'coordinator.expectNodes=1',
    'coordinator.expectCoordinators=1',
  ];
  const read = readConfig(config, [...defaults, ...overrides]);
  return read.bots.length > 0 ? read : { ...read, bots: [DEV_BOT] };
}

/** How often the roles are asked whether they serve, and for how long. */
const READY_POLL_MS = 20;
const READY_POLLS_MAX = 1_000;

async function ready({ clock }: Foundation, roles: readonly RunningRole[]): Promise<void> {
  for (let polls = 0; polls < READY_POLLS_MAX; polls += 1) {
    const checks = (await Promise.all(roles.map((role) => role.ready()))).flat();
    if (checks.every((check) => check.ok)) return;
    await new Promise<void>((resolve) => clock.after(READY_POLL_MS, resolve));
  }
  throw new Error(`not ready after ${(READY_POLL_MS * READY_POLLS_MAX) / 1_000} s`);
}

function hints(gateway: string, admin: string): string {
  const flag = admin === 'http://127.0.0.1:8401' ? '' : ` --admin ${admin}`;
  return [
    'Tachyon clients sign in and connect here:',
    `  ${gateway}`,
    'In another terminal:',
    `  npm run musterctl -- status${flag}`,
    `  npm run musterctl -- events --follow${flag}`,
    'Two players talking, in twenty lines: docs/first-client.mjs',
    'A real cluster, every role a process: npm run cluster -- --nodes 3 --gateways 2',
    'Ctrl-C ends it.',
  ].join('\n');
}
