import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AdminArguments, AdminCommand, AdminResults } from '@muster/coordinator';
import type { LocalClusterDocument } from '@muster/server';
import { askAdmin } from './admin.js';
import { Whereabouts } from './whereabouts.js';

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 30_000;
const LAST_WORDS_LENGTH = 4_000;

export interface ClusterShape {
  readonly coordinators: number;
  readonly nodes: number;
  readonly gateways: number;
  /** Start processes again that were killed. */
  readonly restart?: boolean;
  /** `section.option=value` for every process. */
  readonly set: readonly string[];
  /** Of Node itself, for every process. */
  readonly nodeFlags: readonly string[];
  /** Further variables of every process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A real local cluster, started by its own command, in a folder of its own. It ends when told to, and with this process, however that ends. */
export class ClusterProcess {
  readonly document: LocalClusterDocument;
  /** Which processes run now, and when others ended. */
  readonly whereabouts: Whereabouts;
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  private constructor(
    child: ChildProcess,
    ended: Promise<void>,
    document: LocalClusterDocument,
    whereabouts: Whereabouts,
  ) {
    this.child = child;
    this.ended = ended;
    this.document = document;
    this.whereabouts = whereabouts;
  }

  static async start(
    { coordinators, nodes, gateways, restart = false, set, nodeFlags, environment }: ClusterShape,
    interrupted: AbortSignal,
  ): Promise<ClusterProcess> {
    const entry = fileURLToPath(new URL('./main.js', import.meta.resolve('@muster/server')));
    const counts = { coordinators, nodes, gateways };
    const args = [
      'cluster',
      '--json',
      ...Object.entries(counts).flatMap(([name, count]) => [`--${name}`, String(count)]),
      ...(restart ? ['--restart'] : []),
      ...set.flatMap((one) => ['--set', one]),
    ];
    const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
      // Its channel tells it that we are gone. Ctrl-C is for us alone: told twice, it would not wait for its own processes.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: {
        ...process.env,
        ...environment,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, ...nodeFlags].filter(Boolean).join(' '),
      },
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    interrupted.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    try {
      const document = await firstDocument(child, ended);
      return new ClusterProcess(child, ended, document, watched(child, document));
    } catch (error) {
      await endOf(child, ended);
      throw error;
    }
  }

  /** Admin APIs of its coordinators. */
  get admins(): readonly string[] {
    return this.document.processes.flatMap(({ role, admin }) => (role === 'coordinator' && admin ? [admin] : []));
  }

  /** What an admin command answers, from the first coordinator that can. @throws Error with the last refusal */
  admin<Command extends AdminCommand>(command: Command, args: AdminArguments[Command]): Promise<AdminResults[Command]> {
    return askAdmin(this.admins, command, args);
  }

  /** Ends it. What a benchmark stopped must be able to end: it goes on first. */
  stop(): Promise<void> {
    for (const { role, id } of this.document.processes) {
      if (role === 'node' || role === 'coordinator' || role === 'gateway')
        signal(this.whereabouts.pidOf(id), 'SIGCONT');
    }
    return endOf(this.child, this.ended);
  }
}

function watched(child: ChildProcess, document: LocalClusterDocument): Whereabouts {
  const whereabouts = new Whereabouts(document.processes, () => performance.now());
  child.stderr!.on('data', (chunk) => whereabouts.heard(String(chunk)));
  return whereabouts;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

async function endOf(child: ChildProcess, ended: Promise<void>): Promise<void> {
  // Once: a second signal would cut its stop short.
  if (child.exitCode === null && !child.killed) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}

function firstDocument(child: ChildProcess, ended: Promise<void>): Promise<LocalClusterDocument> {
  return new Promise((resolve, reject) => {
    let text = '';
    let lastWords = '';
    const timer = setTimeout(() => reject(new Error(`the cluster did not start:\n${lastWords}`)), START_DEADLINE_MS);
    child.stderr!.on('data', (chunk) => {
      lastWords = `${lastWords}${chunk}`.slice(-LAST_WORDS_LENGTH);
    });
    child.stdout!.on('data', (chunk) => {
      text += String(chunk);
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as LocalClusterDocument);
    });
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`the cluster ended before it was ready:\n${lastWords}`));
    });
  });
}
