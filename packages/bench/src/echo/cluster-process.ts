import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalClusterDocument } from '@muster/server';

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 30_000;
const LAST_WORDS_LENGTH = 4_000;

export interface ClusterShape {
  readonly coordinators: number;
  readonly nodes: number;
  readonly gateways: number;
  /** `section.option=value` for every process. */
  readonly set: readonly string[];
  /** Of Node itself, for every process. */
  readonly nodeFlags: readonly string[];
}

/** A real local cluster, started by its own command and ended with it. */
export class ClusterProcess {
  readonly document: LocalClusterDocument;
  private readonly child: ChildProcess;
  private readonly data: string;
  private readonly ended: Promise<void>;

  private constructor(child: ChildProcess, data: string, ended: Promise<void>, document: LocalClusterDocument) {
    this.child = child;
    this.data = data;
    this.ended = ended;
    this.document = document;
  }

  static async start({ coordinators, nodes, gateways, set, nodeFlags }: ClusterShape): Promise<ClusterProcess> {
    const entry = fileURLToPath(new URL('./main.js', import.meta.resolve('@muster/server')));
    const data = mkdtempSync(join(tmpdir(), 'muster-bench-'));
    // The database runs as a user of its own, who must get through to its folder.
    await chmod(data, 0o755);
    const counts = { coordinators, nodes, gateways };
    const args = [
      'cluster',
      '--json',
      ...Object.entries(counts).flatMap(([name, count]) => [`--${name}`, String(count)]),
      ...['--data', data],
      ...set.flatMap((one) => ['--set', one]),
    ];
    const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...nodeFlags].filter(Boolean).join(' ') },
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      return new ClusterProcess(child, data, ended, await firstDocument(child, ended));
    } catch (error) {
      await endOf(child, ended);
      rmSync(data, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await endOf(this.child, this.ended);
    rmSync(this.data, { recursive: true, force: true });
  }
}

async function endOf(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
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
