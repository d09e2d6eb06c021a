import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdminArguments, AdminCommand, AdminResults, StatusDocument } from '@muster/coordinator';
import { HASHED_SHARDS, SystemClock } from '@muster/ports';
import { LocalCluster, type LocalClusterDocument } from '@muster/server';
import { Child } from '../child.js';
import type { RunEntry } from './ledger/entries.js';
import { CHAOS } from './options.js';
import { Processes } from './processes.js';
import type { PassageCount, ProxiedProcess } from './tcp-proxy/proxies-process.js';
import type { Rule } from './tcp-proxy/rules.js';

const ASK_PROXIES_MS = 10_000;
const POLL_MS = 50;
/** Of what musterctl printed, for the error. */
const LAST_WORDS_LENGTH = 2_000;
/** One address plays all clients: what is meant for strangers would count the run itself. */
const LIMITS = [
  'edge.loginsMax=1000',
  'edge.addressRequestsMax=100000',
  'gateway.messagesPerSecond=1000',
  'gateway.messagesBurst=2000',
];

export interface ChaosClusterSetup {
  readonly folder: string;
  readonly write: (entry: RunEntry) => void;
  readonly interrupted: AbortSignal;
}

/** A real local cluster whose processes reach each other, and etcd, through our proxies only. Killed processes are started again. */
export class ChaosCluster {
  readonly processes = new Processes();
  private readonly setup: ChaosClusterSetup;
  private readonly proxies: Child;
  private readonly log: WriteStream;
  private cluster!: LocalCluster;
  private document!: LocalClusterDocument;
  private starting: Promise<LocalClusterDocument> | undefined;
  private etcd = 0;
  private stopping: Promise<void> | undefined;

  private constructor(setup: ChaosClusterSetup) {
    this.setup = setup;
    this.log = createWriteStream(join(setup.folder, 'cluster.log'), { flags: 'a' });
    this.proxies = new Child(new URL('./tcp-proxy/proxies-process.js', import.meta.url));
  }

  /** @throws Error; what was started is ended again. */
  static async start(setup: ChaosClusterSetup): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(setup);
    try {
      await cluster.bringUp();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get gateways(): readonly { readonly id: string; readonly url: string }[] {
    const ids = this.ids('gateway');
    return this.document.gateways.map((url, index) => ({ id: ids[index]!, url }));
  }

  get etcdPid(): number {
    return this.etcd;
  }

  ids(role: 'node' | 'gateway' | 'coordinator'): readonly string[] {
    return this.document.processes.filter((one) => one.role === role).map(({ id }) => id);
  }

  /** @throws Error where it has ended and does not serve yet */
  pidOf(id: string): number {
    const pid = id === 'etcd' ? this.etcd : this.processes.pidOf(id);
    if (pid === undefined) throw new Error(`${id} does not serve`);
    return pid;
  }

  /** The answer of the first coordinator that gives one. @throws Error with the last refusal */
  async admin<C extends AdminCommand>(command: C, args: AdminArguments[C]): Promise<AdminResults[C]> {
    let refusal: unknown;
    for (const { role, admin } of this.document.processes) {
      if (role !== 'coordinator') continue;
      try {
        const answer = await fetch(`${admin}/api/v1/admin/${command}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(args),
          signal: AbortSignal.timeout(CHAOS.adminTimeoutMs),
        });
        const body = await answer.json();
        if (answer.ok) return body as AdminResults[C];
        refusal = JSON.stringify(body);
      } catch (error) {
        refusal = error;
      }
    }
    throw new Error(`${command}: ${String(refusal)}`);
  }

  /** Runs musterctl to its end; what it prints goes to the log. @throws Error with its last words where it fails or takes longer */
  async musterctl(args: readonly string[], withinMs: number): Promise<void> {
    const entry = fileURLToPath(new URL('./main.js', import.meta.resolve('@muster/cli')));
    const { interrupted } = this.setup;
    const child = spawn(process.execPath, [entry, ...args, '--admin', this.document.admin], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: withinMs,
      killSignal: 'SIGKILL',
      signal: interrupted,
    });
    let said = '';
    const keep = (chunk: unknown): void => {
      said = `${said}${chunk}`.slice(-LAST_WORDS_LENGTH);
      this.log.write(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const code = await new Promise<number | null>((resolve) => {
      child.once('close', resolve);
      // Interrupted: its end follows.
      child.once('error', () => undefined);
    });
    interrupted.throwIfAborted();
    if (code !== 0) throw new Error(`musterctl ${args.join(' ')} ended with ${code}: ${said}`);
  }

  status(): Promise<StatusDocument> {
    return this.admin('status', {});
  }

  /** Everything serves, every shard has its owner and its backup, and the leader knows of nothing wrong. @throws Error saying what is */
  async whole(withinMs: number): Promise<void> {
    let last = '';
    const isWhole = async (): Promise<boolean> => {
      const now = await this.status().catch((error: Error) => error.message);
      last = JSON.stringify(now);
      if (typeof now === 'string') return false;
      const { healthy, vice, nodes, gateways, shards } = now;
      const allUp = nodes.up === CHAOS.nodes && gateways.up === CHAOS.gateways && vice !== '';
      return (
        healthy && allUp && shards.owned === HASHED_SHARDS && shards.backed === HASHED_SHARDS && shards.moving === 0
      );
    };
    await this.until(isWhole, withinMs, 'the cluster is whole').catch((error: Error) => {
      throw new Error(`${error.message}: ${last}`);
    });
  }

  /** A question that fails is asked again. @throws Error after `withinMs`, or when the run is interrupted */
  async until(isTrue: () => boolean | Promise<boolean>, withinMs: number, what: string): Promise<void> {
    const deadline = performance.now() + withinMs;
    let last = '';
    const holds = async (): Promise<boolean> => {
      try {
        return await isTrue();
      } catch (error) {
        last = `: ${(error as Error).message}`;
        return false;
      }
    };
    while (!(await holds())) {
      this.setup.interrupted.throwIfAborted();
      if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}${last}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async restartEtcd(): Promise<number> {
    this.etcd = await this.cluster.restartEtcd();
    return this.etcd;
  }

  treat(rules: readonly Rule[]): Promise<void> {
    return this.proxies.ask('treat', rules, ASK_PROXIES_MS);
  }

  heal(): Promise<void> {
    return this.proxies.ask('heal', undefined, ASK_PROXIES_MS);
  }

  reset(name: string): Promise<number> {
    return this.proxies.ask('reset', { name }, ASK_PROXIES_MS);
  }

  counts(): Promise<readonly PassageCount[]> {
    return this.proxies.ask('counts', undefined, ASK_PROXIES_MS);
  }

  /** @throws Error after `withinMs`, or when the run is interrupted; `promise` goes on */
  private within<T>(promise: Promise<T>, withinMs: number, what: string): Promise<T> {
    const { interrupted } = this.setup;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within ${withinMs} ms: ${what}`)), withinMs);
      const interrupt = (): void => reject(interrupted.reason);
      interrupted.addEventListener('abort', interrupt, { once: true });
      void promise.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        interrupted.removeEventListener('abort', interrupt);
      });
    });
  }

  /** Ends all of it, paused or not. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    for (const { id } of this.document?.processes ?? []) {
      const pid = id === 'etcd' ? this.etcd : this.processes.pidOf(id);
      if (pid !== undefined && processIs(pid)) process.kill(pid, 'SIGCONT');
    }
    // At once: nobody wants what they would hand off to each other.
    await this.cluster?.stop(AbortSignal.abort());
    // One that was interrupted on its way has ended what it had begun.
    await this.starting?.catch(() => undefined);
    await this.proxies.end();
    await new Promise((resolve) => this.log.end(resolve));
  }

  private async bringUp(): Promise<void> {
    const { folder, write } = this.setup;
    const data = join(folder, 'cluster');
    mkdirSync(data, { recursive: true });
    const names = [...idsOf('coordinator'), ...idsOf('node'), ...idsOf('gateway'), 'etcd'];
    const ports = await freePorts(names.length * 2);
    const ways = names.map(
      (target, n): ProxiedProcess => ({ target, port: ports[2 * n]!, upstreamPort: ports[2 * n + 1]! }),
    );
    const wayTo = (name: string): ProxiedProcess => ways.find(({ target }) => target === name)!;
    await this.proxies.ask('open', ways, ASK_PROXIES_MS);
    this.cluster = new LocalCluster({
      clock: new SystemClock(),
      coordinators: CHAOS.coordinators,
      nodes: CHAOS.nodes,
      gateways: CHAOS.gateways,
      gatewayHeapMb: undefined,
      data,
      restart: true,
      etcdRestart: false,
      overrides: [`etcd.hosts=["http://127.0.0.1:${wayTo('etcd').port}"]`, 'telemetry.logLevel="info"', ...LIMITS],
      own: (_, id) => {
        const { port, upstreamPort } = wayTo(id);
        return [`process.listen="127.0.0.1:${upstreamPort}"`, `process.advertise="127.0.0.1:${port}"`];
      },
      etcdPort: wayTo('etcd').upstreamPort,
      config: undefined,
      entry: fileURLToPath(new URL('./main.js', import.meta.resolve('@muster/server'))),
      output: (text) => this.log.write(text),
      changed: (change) => {
        this.processes.changed(change);
        const { id, pid } = change;
        if (change.type === 'serves') write({ t: 'serves', at: Date.now(), id, pid });
        else write({ t: 'ended', at: Date.now(), id, pid, code: change.code, signal: change.signal });
      },
    });
    this.starting = this.cluster.start();
    this.document = await this.within(this.starting, CHAOS.startMs, 'the cluster starts');
    this.etcd = this.document.processes.find(({ id }) => id === 'etcd')!.pid;
  }
}

function idsOf(role: 'node' | 'gateway' | 'coordinator'): readonly string[] {
  const name = (n: number): string => (role === 'coordinator' ? String.fromCharCode(97 + n) : String(n + 1));
  return Array.from({ length: CHAOS[`${role}s`] }, (_, n) => `${role}-${name(n)}`);
}

function processIs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Ports of ours that nobody listens on now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  const range = CHAOS.portLast - CHAOS.portFirst + 1;
  // Two runs on one machine begin at different places.
  for (let n = process.pid % range; ports.length < count; n = (n + 1) % range) {
    const port = CHAOS.portFirst + n;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
