import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { causeOf, MusterError, SystemClock, SystemRandom, token } from '@muster/ports';
import { Command } from 'commander';
import { type BotConfig, readConfig } from './config/load.js';
import { printConfig } from './config/print.js';
import type { StartDemo } from './demo.js';
import { serveDev } from './dev.js';
import { LocalCluster, type LocalClusterDocument } from './local-cluster/local-cluster.js';
import { servePglite } from './local-cluster/pglite-server.js';
import { makeScratchFolder } from './local-cluster/system-scratch-folder.js';
import { makeDataFolder } from './process/data-folder.js';
import { BUILD } from './process/foundation.js';
import { endSignals } from './process/system-signals.js';
import { serve, serverRole } from './serve.js';

/** A stop after everything was handed off takes no longer than this. */
const STOP_MS = 20_000;
/** Gateways, nodes, coordinators. */
const ROLES = 3;

const ENTRY = fileURLToPath(new URL('./main.js', import.meta.url));

interface ConfigFlags {
  readonly config?: string;
  readonly set: readonly string[];
}

/** What a program may have beside the roles. */
export interface Extras {
  /** Makes `muster dev --demo`. */
  readonly demo?: StartDemo;
}

/** `muster serve | dev | cluster | config check | config print`. */
export function program({ demo }: Extras = {}): Command {
  const root = new Command('muster').version(BUILD).description('A game back-end on a cluster of virtual actors.');
  withConfig(root.command('serve').description('run one role of the cluster in this process'))
    .requiredOption('--role <role>', 'coordinator, node or gateway')
    .option(
      '--id <id>',
      'name of this process in the cluster store; a restart keeps it (default: process.id of the configuration)',
    )
    .action((flags: ConfigFlags & { role: string; id?: string }) => runRole(flags));
  const dev = withConfig(root.command('dev').description('run the whole system in this process, on embedded defaults'))
    .option('--port <n>', 'where clients connect', port, 8400)
    .option('--admin-port <n>', 'where musterctl, health and metrics connect', port, 8401)
    .option('--data <folder>', 'where accounts are kept', '.muster')
    .action((flags: DevFlags) => runDev(flags, demo));
  if (demo)
    dev
      .option('--demo', 'a pretended autohost, and players that are programs: lobbies, talk, votes, battles', false)
      .option('--demo-speed <factor>', 'how fast they live, 0.1 to 20', factor, 1)
      .option('--demo-seed <n>', 'the same seed draws the same moods', seed);
  withConfig(
    root
      .command('cluster')
      .description('run a real cluster on this machine: etcd, a database and every role as a process'),
  )
    .option('--nodes <n>', 'compute nodes', count, 3)
    .option('--gateways <n>', 'gateways', count, 2)
    .option('--coordinators <n>', 'coordinators: the leader, the vice and spares', count, 2)
    .option('--gateway-heap-mb <n>', 'largest heap of each gateway, in MiB (default: as Node has it)', megabytes)
    .option(
      '--data <folder>',
      'where etcd and the database keep their files (default: a folder that is removed at the end)',
    )
    .option('--restart', 'start killed processes again, etcd too', false)
    .option('--json', 'print one JSON document when it serves', false)
    .action((flags: ClusterFlags) => runCluster(flags));
  const config = root.command('config').description('the configuration file');
  withConfig(config.command('check').description('say whether the configuration is right')).action(
    (flags: ConfigFlags) => {
      readConfig(flags.config, flags.set);
      process.stdout.write('the configuration is right\n');
    },
  );
  withConfig(config.command('print').description('print every option with its meaning and the value in force')).action(
    (flags: ConfigFlags) => {
      process.stdout.write(printConfig(readConfig(flags.config, flags.set)));
    },
  );
  root
    .command('pglite', { hidden: true })
    .requiredOption('--folder <folder>')
    .action((flags: { folder: string }) => runPglite(flags.folder));
  return root;
}

function withConfig(command: Command): Command {
  const collect = (one: string, all: readonly string[]): string[] => [...all, one];
  return command
    .option('--config <file>', 'TOML file')
    .option('--set <section.option=value>', 'one option, over the file; may be repeated', collect, []);
}

async function runRole({ role, id, config: file, set }: ConfigFlags & { role: string; id?: string }): Promise<void> {
  const config = readConfig(file, set);
  const name = id ?? (config.process.id === '' ? role : config.process.id);
  const serving = await serve({ role: serverRole(role), config, id: name });
  process.stdout.write(`${JSON.stringify(serving.document)}\n`);
  const { told, hurry, begun } = endSignals(config.process.drainMs + STOP_MS);
  const { why, asked } = await Promise.race([told, serving.dismissed]);
  begun();
  process.stderr.write(`muster: ${name} ends: ${why}\n`);
  if (asked) await serving.drain(hurry);
  await serving.stop();
}

interface DevFlags extends ConfigFlags {
  readonly port: number;
  readonly adminPort: number;
  readonly data: string;
  readonly demo?: boolean;
  readonly demoSpeed?: number;
  readonly demoSeed?: number;
}

async function runDev(flags: DevFlags, startDemo: StartDemo | undefined): Promise<void> {
  const bot = flags.demo ? demoBot() : undefined;
  const { drainMs } = readConfig(flags.config, flags.set).process;
  // From the beginning on: whoever interrupts the start gets an orderly end, too.
  const { told, hurry } = endSignals(drainMs + STOP_MS);
  const starting = serveDev({
    ...flags,
    data: resolve(flags.data),
    overrides: flags.set,
    config: flags.config,
    bots: bot ? [bot] : [],
  });
  const isInterrupted = await Promise.race([starting.then(() => false), told.then(() => true)]);
  const dev = await starting;
  if (isInterrupted) {
    process.stderr.write('muster: ended before it was ready\n');
    return dev.stop();
  }
  process.stdout.write(`muster ready ${dev.gateway} ${dev.admin}\n\n${dev.hints}\n`);
  const demo =
    bot && startDemo
      ? await startDemo({
          gateway: dev.gateway,
          bot,
          engineVersion: dev.config.lobby.engineVersion,
          clock: new SystemClock(),
          seed: flags.demoSeed ?? new SystemRandom().bytes(4).reduce((sum, byte) => sum * 256 + byte, 0),
          speed: flags.demoSpeed ?? 1,
          say: (line) => process.stdout.write(`${line}\n`),
        })
      : undefined;
  if (demo) process.stdout.write(`\n${demo.hints}\n\n`);
  const { asked } = await told;
  await demo?.stop();
  if (asked) await dev.drain(hurry);
  await dev.stop();
}

/** Beside the bot that everybody knows: that one is the newcomer's own to connect an autohost with. */
function demoBot(): BotConfig {
  return { clientId: 'demo-autohost', secret: token(new SystemRandom(), 24), name: 'demo-autohost' };
}

interface ClusterFlags extends ConfigFlags {
  readonly nodes: number;
  readonly gateways: number;
  readonly coordinators: number;
  readonly gatewayHeapMb?: number;
  readonly data?: string;
  readonly restart: boolean;
  readonly json: boolean;
}

async function runCluster(flags: ClusterFlags): Promise<void> {
  const { nodes, gateways, coordinators, restart, json, config, set } = flags;
  const data = flags.data ? resolve(flags.data) : makeScratchFolder(tmpdir());
  makeDataFolder(data);
  const { drainMs } = readConfig(config, set).process;
  const cluster = new LocalCluster({
    clock: new SystemClock(),
    coordinators,
    nodes,
    gateways,
    gatewayHeapMb: flags.gatewayHeapMb,
    data,
    restart,
    drainMs,
    overrides: set,
    config,
    entry: ENTRY,
    output: (text) => process.stderr.write(text),
  });
  // From the first process on: whoever interrupts the start must not leave any behind.
  // Every role drains one after the other.
  const { told, hurry } = endSignals(ROLES * (drainMs + STOP_MS));
  try {
    const document = await Promise.race([cluster.start(), told.then(() => undefined)]);
    if (document && json) process.stdout.write(`${JSON.stringify(document)}\n`);
    else if (document)
      process.stdout.write(
        `cluster ready ${document.gateways.join(' ')} ${document.admin}\n\n${clusterHints(document)}\n`,
      );
    await told;
  } finally {
    await cluster.stop(hurry);
    if (!flags.data) rmSync(data, { recursive: true, force: true });
  }
}

/** For people: which process is which, and what to try. */
function clusterHints({ processes, gateways }: LocalClusterDocument): string {
  // All of them: one of the coordinators may be the next to be killed.
  const admin = processes.flatMap((one) => (one.role === 'coordinator' && one.admin ? [one.admin] : [])).join(',');
  const rows = processes.map(({ id, pid, address }) => `  ${id.padEnd(14)} pid ${String(pid).padEnd(8)} ${address}`);
  return [
    'Processes:',
    ...rows,
    `Clients connect to ${gateways.join(' or ')}`,
    'In another terminal:',
    `  npm run musterctl -- status --admin ${admin}`,
    `  npm run musterctl -- events --follow --admin ${admin}`,
    'Ctrl-C ends it all.',
  ].join('\n');
}

async function runPglite(folder: string): Promise<void> {
  const server = await servePglite(folder, (error) => {
    // Whoever started it says so; there is no state to save that is not on disk.
    process.stderr.write(`the embedded database failed: ${causeOf(error)}\n`);
    process.exit(1);
  });
  const document = { ready: true, role: 'pglite', id: 'database', pid: process.pid, address: server.address };
  process.stdout.write(`${JSON.stringify(document)}\n`);
  await endSignals(STOP_MS).told;
  await server.stop();
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new MusterError('BAD_CONFIG', { details: `${text} is no port` });
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new MusterError('BAD_CONFIG', { details: `${text} is not a number from 1 to 64` });
  return value;
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 20)) throw new MusterError('BAD_CONFIG', { details: `${text} is not from 0.1 to 20` });
  return value;
}

function seed(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new MusterError('BAD_CONFIG', { details: `${text} is no whole number` });
  return value;
}

function megabytes(text: string): number {
  const value = Number(text);
  // Below this, Node itself does not start.
  if (!Number.isInteger(value) || value < 16)
    throw new MusterError('BAD_CONFIG', { details: `${text} is not a number of MiB from 16 on` });
  return value;
}
