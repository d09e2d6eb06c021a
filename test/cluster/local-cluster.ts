import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LocalClusterDocument } from '@muster/server';
import { findProgram } from '@muster/storage';
import { until } from './until.js';

export const SERVER = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
export const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** Tests count what the server does, not how often it may be asked: limits on one address would count the test itself. */
const TEST_LIMITS = [
  'gateway.messagesPerSecond=1000',
  'gateway.messagesBurst=2000',
  'edge.loginsMax=100',
  'telemetry.logLevel="warn"',
];
const START_DEADLINE_MS = 60_000;
const ADMIN_DEADLINE_MS = 2_000;
const CLI_DEADLINE_MS = 20_000;
/** How much of what the processes logged is kept for the message of a failing test. */
const LOG_CHARACTERS = 200_000;

/** What a musterctl call printed. */
export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `npm run cluster` for a test: the real command, as a child process that ends with the test. */
export class TestCluster {
  readonly document: LocalClusterDocument;
  private readonly child: ChildProcess;
  private readonly logs: { text: string };

  private constructor(child: ChildProcess, document: LocalClusterDocument, logs: { text: string }) {
    this.child = child;
    this.document = document;
    this.logs = logs;
  }

  static async start(flags: readonly string[] = []): Promise<TestCluster> {
    const set = TEST_LIMITS.flatMap((limit) => ['--set', limit]);
    const child = spawn(process.execPath, ['--enable-source-maps', SERVER, 'cluster', '--json', ...set, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const logs = { text: '' };
    let out = '';
    child.stderr!.on('data', (chunk) => {
      logs.text = (logs.text + String(chunk)).slice(-LOG_CHARACTERS);
    });
    child.stdout!.on('data', (chunk) => {
      out += String(chunk);
    });
    try {
      await until(() => out.includes('\n') || child.exitCode !== null, START_DEADLINE_MS, 'the cluster is ready');
      return new TestCluster(child, JSON.parse(out) as LocalClusterDocument, logs);
    } catch (error) {
      child.kill('SIGTERM');
      throw new Error(`the cluster did not start: ${out}\n${logs.text}`, { cause: error });
    }
  }

  get log(): string {
    return this.logs.text;
  }

  gateway(n: number): string {
    return this.document.gateways[n]!;
  }

  /** The process under this id at this moment: it may have been started again since. */
  pidOf(id: string): number {
    const restarts = [...this.log.matchAll(new RegExp(`^${id} runs as pid (\\d+)$`, 'gm'))];
    const first = this.document.processes.find((one) => one.id === id);
    if (!first) throw new Error(`no process is called ${id}`);
    return Number(restarts.at(-1)?.[1] ?? first.pid);
  }

  kill(id: string, signal: NodeJS.Signals): void {
    process.kill(this.pidOf(id), signal);
  }

  /** `musterctl …` against this cluster's first coordinator, as a process of its own. */
  async cli(args: readonly string[], admin = this.document.admin, deadlineMs = CLI_DEADLINE_MS): Promise<CliResult> {
    const child = spawn(process.execPath, [CLI, ...args, '--admin', admin], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMs,
    });
    let out = '';
    let err = '';
    child.stdout!.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr!.on('data', (chunk) => {
      err += String(chunk);
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, out, err };
  }

  /** The JSON document that an admin command answers, from the first coordinator that can. @throws Error with the last refusal */
  async admin<T>(command: string, args: object = {}): Promise<T> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(args) };
    let refusal: unknown;
    for (const { role, admin } of this.document.processes) {
      if (role !== 'coordinator') continue;
      try {
        const answer = await fetch(`${admin}/api/v1/admin/${command}`, {
          ...init,
          signal: AbortSignal.timeout(ADMIN_DEADLINE_MS),
        });
        const body = await answer.json();
        if (answer.ok) return body as T;
        refusal = body;
      } catch (error) {
        // What fetch throws may be of another realm, whose errors are none here.
        refusal = String(error);
      }
    }
    throw new Error(`${command}: ${JSON.stringify(refusal)}`);
  }

  /** What `etcdctl get --prefix` prints. */
  etcdctl(prefix: string): string {
    const run = spawnSync(
      findProgram('etcdctl', process.env),
      ['--endpoints', this.document.etcd, 'get', '--prefix', prefix],
      {
        encoding: 'utf8',
        env: { ...process.env, ETCDCTL_API: '3' },
      },
    );
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout;
  }

  /** A member's entry, the leader's epoch and so on, straight from etcd. */
  stored<T>(key: string): T {
    const text = this.etcdctl(`/muster/dev/${key}`);
    return JSON.parse(text.slice(text.indexOf('\n') + 1)) as T;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode !== null) return;
    // Whatever the test stopped must be able to end.
    for (const { id } of this.document.processes) signalIfAlive(this.pidOf(id), 'SIGCONT');
    this.child.kill('SIGTERM');
    await ended;
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
