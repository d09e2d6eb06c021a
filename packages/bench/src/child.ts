import { type ChildProcess, fork } from 'node:child_process';

/** A question that one process of a benchmark asks another. */
interface Question {
  readonly id: number;
  readonly method: string;
  readonly given: unknown;
}
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

/** How long a child may take to say good-bye before it is killed. */
const END_MS = 5_000;

/** Another process of this benchmark, running `entry`, which calls {@link answering}. It ends with `end`, or with this process. */
export class Child {
  private readonly process: ChildProcess;
  private readonly entry: string;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<void>;
  private asked = 0;
  private gone = false;

  constructor(entry: URL, nodeOptions: readonly string[] = []) {
    this.entry = entry.pathname.split('/').slice(-2).join('/');
    this.process = fork(entry, { execArgv: [...process.execArgv, ...nodeOptions], serialization: 'advanced' });
    this.process.on('message', (answer: Answer) => this.waiting.get(answer.id)?.(answer));
    // A question to a child that is just dying: its exit answers it.
    this.process.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.gone = true;
        const error = `${this.entry} ended with ${code ?? signal}`;
        for (const [id, hear] of this.waiting) hear({ id, error });
        resolve();
      });
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** @throws Error what the handler threw, or that no answer came within `withinMs`. */
  async ask<T>(method: string, given: unknown, withinMs: number): Promise<T> {
    if (this.gone || !this.process.connected) throw new Error(`${this.entry} has ended`);
    this.asked += 1;
    const id = this.asked;
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.set(id, resolve);
      timer = setTimeout(
        () => resolve({ id, error: `${this.entry}: no answer to ${method} within ${withinMs} ms` }),
        withinMs,
      );
      this.process.send({ id, method, given } satisfies Question);
    });
    clearTimeout(timer);
    this.waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value as T;
  }

  async end(): Promise<void> {
    if (this.gone) return;
    if (this.process.connected) this.process.disconnect();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), END_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

export type Handlers = Readonly<Record<string, (given: never) => unknown>>;

/** What a child's entry calls: answers questions until the one who asks is gone, then ends the process. */
export function answering(handlers: Handlers): void {
  process.on('message', (question: Question) => void answer(handlers, question));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group; the one who started us decides when we end.
  process.on('SIGINT', () => undefined);
}

async function answer(handlers: Handlers, { id, method, given }: Question): Promise<void> {
  try {
    const value = await (handlers[method] as (given: unknown) => unknown)(given);
    process.send?.({ id, value } satisfies Answer);
  } catch (error) {
    process.send?.({
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    } satisfies Answer);
  }
}

/** Hands children to `body` and ends them whatever happens; an interruption makes its next question fail. */
export async function withChildren<T, C extends readonly Child[]>(
  interrupted: AbortSignal,
  children: C,
  body: (...children: C) => Promise<T>,
): Promise<T> {
  const end = () => Promise.all(children.map((child) => child.end()));
  interrupted.addEventListener('abort', end, { once: true });
  try {
    interrupted.throwIfAborted();
    return await body(...children);
  } finally {
    interrupted.removeEventListener('abort', end);
    await end();
  }
}
