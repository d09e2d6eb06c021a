import { MemoryStore } from '@muster/storage';
import { LoopbackNetwork } from '@muster/wire';
import { type AdminBackend, AdminServer, type ReadyCheck } from './admin/admin-server.js';
import { type BotConfig, botsOf, type Config, readConfig } from './config/load.js';
import { makeDataFolder } from './process/data-folder.js';
import { Ends } from './process/ends.js';
import { type Foundation, layFoundation, openAccounts } from './process/foundation.js';
import { RoleSeat, type RoleSeatSetup } from './process/role-seat.js';
import { startCoordinator } from './roles/coordinator.js';
import { startGateway } from './roles/gateway.js';
import { startNode } from './roles/node.js';
import type { RoleParts } from './roles/running.js';

export interface DevOptions {
  readonly port: number;
  readonly adminPort: number;
  /** Folder for the embedded database. */
  readonly data: string;
  readonly config: string | undefined;
  readonly overrides: readonly string[];
  /** Bots beside those of the configuration. */
  readonly bots?: readonly BotConfig[];
}

export interface DevServer {
  /** Where clients connect. */
  readonly gateway: string;
  /** Where musterctl, health and metrics connect. */
  readonly admin: string;
  /** What to try next. */
  readonly hints: string;
  /** What it runs with. */
  readonly config: Config;
  /** Asks clients to come back, then keeps what lives in memory; {@link stop} comes after it. `hurry`: leave faster. */
  drain(hurry: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Every role in one process, on embedded defaults: links in memory, the cluster store in memory, accounts in PGlite. @throws MusterError */
export async function serveDev(options: DevOptions): Promise<DevServer> {
  const config = devConfig(options);
  makeDataFolder(config.process.data);
  const real = await layFoundation(config, 'muster');
  const foundation: Foundation = { ...real, network: new LoopbackNetwork({ clock: real.clock }) };
  const { log, clock } = foundation;
  const ends = new Ends(log);
  ends.add(() => real.stop());
  try {
    const storage = await openAccounts(foundation);
    ends.add(() => storage.close());
    const store = new MemoryStore({ clock });
    ends.add(() => store.close());
    const seats = await seatRoles(foundation, ends, { store, storage });
    const { coordinator, node, gateway } = seats;
    const roles = [coordinator, node, gateway];
    const admin = new AdminServer({
      clock,
      log,
      metrics: foundation.metrics,
      checkTimeoutMs: config.admin.checkTimeoutMs,
      ready: async () => (await Promise.all(roles.map(checksOf))).flat(),
      backend: {
        call: (command, args, who) => backendOf(coordinator).call(command, args, who),
        follow: (listener) => backendOf(coordinator).follow(listener),
      },
    });
    // Whoever follows the former run of the coordinator would hear nothing any more: it comes back by itself.
    coordinator.onRestart(() => admin.endFollowers());
    const adminUrl = `http://${await admin.listen(config.admin.listen)}`;
    ends.add(() => admin.close());
    await ready(foundation, roles);
    const gatewayUrl = gateway.role.clientUrl ?? '';
    const drain = async (hurry: AbortSignal): Promise<void> => {
      for (const seat of [gateway, node, coordinator]) await seat.drain(hurry);
    };
    const stop = (): Promise<void> => ends.stop();
    return { gateway: gatewayUrl, admin: adminUrl, hints: hints(gatewayUrl, adminUrl), config, drain, stop };
  } catch (error) {
    await ends.stop();
    throw error;
  }
}

/** Every role in its seat, started. */
async function seatRoles(foundation: Foundation, ends: Ends, on: Pick<RoleParts, 'store' | 'storage'>) {
  const { clock, log, config } = foundation;
  const seat = async (start: RoleSeatSetup['start']): Promise<RoleSeat> => {
    const made = new RoleSeat({ clock, log, start });
    ends.add(() => made.stop());
    await made.begin();
    return made;
  };
  const parts = { ...on, listen: 'muster:0' };
  const coordinator = await seat((events) =>
    startCoordinator(foundation, { ...parts, ...events, id: 'coordinator-a' }),
  );
  const node = await seat((events) => startNode(foundation, { ...parts, ...events, id: 'node-1' }));
  const gateway = await seat((events, former) => {
    // Clients know where it was.
    const http = former?.clientUrl ? { listen: new URL(former.clientUrl).host } : config.http;
    return startGateway({ ...foundation, config: { ...config, http } }, { ...parts, ...events, id: 'gateway-1' });
  });
  return { coordinator, node, gateway };
}

function backendOf({ role }: RoleSeat): AdminBackend {
  if (!role.admin) throw new Error('a coordinator answers operators');
  return role.admin;
}

async function checksOf(seat: RoleSeat): Promise<readonly ReadyCheck[]> {
  return seat.restarts ? [{ name: 'restart', ok: false, detail: 'a role is started again' }] : seat.role.ready();
}

function devConfig({ port, adminPort, data, config, overrides, bots = [] }: DevOptions): Config {
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
  return { ...read, bots: [...botsOf(read), ...bots] };
}

/** How often the roles are asked whether they serve, and for how long. */
const READY_POLL_MS = 20;
const READY_POLLS_MAX = 1_000;

async function ready({ clock }: Foundation, roles: readonly RoleSeat[]): Promise<void> {
  for (let polls = 0; polls < READY_POLLS_MAX; polls += 1) {
    const checks = (await Promise.all(roles.map(checksOf))).flat();
    if (checks.every((check) => check.ok)) return;
    await new Promise<void>((resolve) => clock.after(READY_POLL_MS, resolve));
  }
  throw new Error(`not ready after ${(READY_POLL_MS * READY_POLLS_MAX) / 1_000} s`);
}

function hints(gateway: string, admin: string): string {
  const flag = admin === 'http://127.0.0.1:8401' ? '' : ` --admin ${admin}`;
  const url = gateway === 'http://127.0.0.1:8400' ? '' : ` ${gateway}`;
  return [
    'Tachyon clients sign in and connect here:',
    `  ${gateway}`,
    'In another terminal:',
    `  npm run musterctl -- status${flag}`,
    `  npm run musterctl -- events --follow${flag}`,
    `  node docs/first-client.mjs${url}`,
    '    two players talk; read it, it is short',
    'A real cluster, every role a process: npm run cluster -- --nodes 3 --gateways 2',
    'Ctrl-C ends it.',
  ].join('\n');
}
