// A real etcd on loopback, as a child process: for tests and for a local cluster. Not for production, where etcd runs by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Millis, MusterError } from '@muster/ports';
import { endWithThisProcess } from '../system-guard.js';

/** etcd has a port of its own to lose against others: how often new ones are tried. */
const ATTEMPTS = 3;
const READY_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
/** How much of what etcd last wrote is kept for the error that says why it did not start. */
const LAST_WORDS_CHARACTERS = 2_000;

export interface LocalEtcdConfig {
  /** Absolute path of the program, as {@link findProgram} says. */
  readonly program: string;
  /** Data directory: kept at the end, used again where it exists. */
  readonly folder: string;
  /** Default: a free one. */
  readonly clientPort?: number;
  /** etcd's own, lower than its defaults (100 and 1,000): one member on loopback elects itself at once, and leases may be as short as 1 s. */
  readonly heartbeatMs?: Millis;
  readonly electionMs?: Millis;
}

/**
 * Where `etcd` or `etcdctl` is: `MUSTER_ETCD` (or `MUSTER_ETCDCTL`), else on PATH, else where this repository's scripts unpack it.
 * @throws MusterError NOT_FOUND
 */
export function findProgram(name: 'etcd' | 'etcdctl', env: Readonly<Record<string, string | undefined>>): string {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', 'etcd', 'usr', 'bin');
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), cache];
  const named = env[`MUSTER_${name.toUpperCase()}`];
  const found = [...(named ? [named] : []), ...folders.map((folder) => join(folder, name))].find(isProgram);
  if (!found)
    throw new MusterError('NOT_FOUND', {
      what: `${name} 3.4 or newer (on PATH, or unpacked by scripts/etcd.mjs; Debian: apt-get install etcd-server etcd-client)`,
    });
  return found;
}

export class LocalEtcd {
  /** For {@link EtcdStoreConfig.hosts}. */
  readonly url: string;
  readonly clientPort: number;
  /** Resolves when the process is gone, however it went. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, clientPort: number) {
    this.child = child;
    this.clientPort = clientPort;
    this.url = `http://127.0.0.1:${clientPort}`;
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** Resolves when it answers. @throws MusterError STORE_UNAVAILABLE with etcd's last words. */
  static async start(config: LocalEtcdConfig): Promise<LocalEtcd> {
    for (let attempt = 1; ; attempt += 1) {
      const clientPort = config.clientPort ?? (await freePort());
      const child = launch(config, clientPort, await freePort());
      const lastWords = keepLastWords(child);
      const etcd = new LocalEtcd(child, clientPort);
      if (await etcd.isReady()) return etcd;
      await etcd.kill();
      const lost = config.clientPort === undefined && lastWords().includes('address already in use');
      if (!lost || attempt >= ATTEMPTS) throw new MusterError('STORE_UNAVAILABLE', { cause: lastWords() });
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** SIGSTOP: it hangs, its connections stay. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.hasEnded) return;
    const gone = new Promise<void>((resolve) => {
      this.child.once('exit', () => resolve());
    });
    this.child.kill(signal);
    // A paused process takes only SIGKILL.
    this.child.kill('SIGCONT');
    await gone;
  }

  private get hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async isReady(): Promise<boolean> {
    const until = performance.now() + READY_TIMEOUT_MS;
    while (!this.hasEnded && performance.now() < until) {
      if (await isHealthy(this.url)) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  }
}

function launch(config: LocalEtcdConfig, clientPort: number, peerPort: number): ChildProcess {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const flags = {
    name: 'local',
    'data-dir': config.folder,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `local=${peer}`,
    'heartbeat-interval': config.heartbeatMs ?? 20,
    'election-timeout': config.electionMs ?? 200,
    logger: 'zap',
    'log-level': 'error',
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // A group of its own: a terminal's Ctrl-C is not for it, others may still need it for their own end.
  const child = spawn(config.program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  endWithThisProcess(child, 'KILL');
  return child;
}

function keepLastWords(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: unknown) => {
    text = (text + String(chunk)).slice(-LAST_WORDS_CHARACTERS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', (error) => keep(error.message));
  return () => text.trim() || 'etcd did not become ready';
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
    return (await answer.text()).includes('"true"');
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
