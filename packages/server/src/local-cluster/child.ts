import { type ChildProcess, spawn } from 'node:child_process';
import { causeOf, MusterError } from '@muster/ports';
import type { ServingDocument } from '../serve.js';
import { WholeLines } from './whole-lines.js';

/** How much of what a process last wrote is kept for the error that says why it did not start. */
const LAST_WORDS_CHARACTERS = 4_000;

export interface ChildSetup {
  /** Compiled entry of this package. */
  readonly entry: string;
  readonly args: readonly string[];
  /** Of Node itself, such as the size of its heap. Source maps are not among the usual ones: 8 MB of each process (NODE_OPTIONS=--enable-source-maps). */
  readonly nodeFlags?: readonly string[];
  /** Its log lines, as they come, each whole. */
  readonly output: (text: string) => void;
}

/** One process of a local cluster. It is told to end when this process ends, however that happens: its IPC channel breaks. */
export class Child {
  readonly process: ChildProcess;
  /** What it said when it was ready. @throws MusterError STOPPING with its last words where it ended before. */
  readonly ready: Promise<ServingDocument>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  private hasEnded = false;

  constructor({ entry, args, nodeFlags = [], output }: ChildSetup) {
    const child = spawn(process.execPath, [...nodeFlags, entry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: a terminal's Ctrl-C goes to this process alone, which ends the others in their order.
      detached: true,
    });
    this.process = child;
    let lastWords = '';
    const lines = new WholeLines(output);
    const keep = (chunk: string): void => {
      lastWords = (lastWords + chunk).slice(-LAST_WORDS_CHARACTERS);
      lines.heard(chunk);
    };
    child.stderr!.setEncoding('utf8').on('data', keep);
    child.stderr!.once('end', () => lines.end());
    child.on('error', (error) => keep(`${causeOf(error)}\n`));
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.hasEnded = true;
        resolve({ code, signal });
      });
    });
    this.ready = this.firstDocument().catch((error: unknown) => {
      throw new MusterError(
        'STOPPING',
        { peer: nameOf(args) },
        { cause: new Error(`${causeOf(error)}\n${lastWords}`) },
      );
    });
    // Whoever waits hears of it; nobody waiting is no reason to die.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.process.kill(signal);
  }

  private firstDocument(): Promise<ServingDocument> {
    return new Promise((resolve, reject) => {
      let text = '';
      this.process.stdout!.on('data', (chunk) => {
        text += String(chunk);
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          if (line.startsWith('{"ready":')) resolve(JSON.parse(line) as ServingDocument);
        }
      });
      void this.ended.then(({ code, signal }) => reject(new Error(`ended with ${code ?? signal} before it was ready`)));
    });
  }
}

/** What follows `--id`, or the command itself. */
function nameOf(args: readonly string[]): string {
  const at = args.indexOf('--id');
  return (at < 0 ? args[0] : args[at + 1]) ?? 'a process';
}
