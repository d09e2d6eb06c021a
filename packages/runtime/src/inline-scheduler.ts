import { type Clock, MusterError } from '@muster/ports';
import type { DrainResult, LocalScheduler, SchedulerStats, Work, Worker } from './scheduler.js';

type Failed = (worker: string, error: unknown) => void;

class InlineWorker implements Worker {
  readonly name: string;
  readonly group: string;
  readonly work: Work;
  /** In the queue, or to be put there when what it waits for has ended. */
  wanted = false;
  queued = false;
  busy = false;
  stopped = false;
  /** Resolves when a stopped namesake has ended: until then this one does not run. */
  predecessor: Promise<void> | undefined;
  ended: Promise<void> | undefined;
  end: (() => void) | undefined;

  constructor(name: string, group: string, work: Work) {
    this.name = name;
    this.group = group;
    this.work = work;
  }
}

/**
 * The deterministic form: workers run in the order in which they were woken, one after the other, from `clock.defer`.
 * For simulation and tests; also the fastest form where fairness towards sockets does not matter.
 */
export class InlineScheduler implements LocalScheduler {
  private readonly clock: Clock;
  private readonly failed: Failed;
  private readonly workers = new Set<InlineWorker>();
  private readonly ending = new Map<string, Promise<void>>();
  private ready: InlineWorker[] = [];
  private scheduled = false;
  private failures = 0;
  private closed = false;

  constructor(clock: Clock, failed: Failed = () => undefined) {
    this.clock = clock;
    this.failed = failed;
  }

  spawn(group: string, name: string, work: Work): Worker {
    if (this.closed) throw new MusterError('STOPPING', { peer: name });
    const worker = new InlineWorker(name, group, work);
    this.workers.add(worker);
    this.waitFor(worker, this.ending.get(keyOf(worker)));
    return worker;
  }

  wake(handle: Worker): void {
    const worker = handle as InlineWorker;
    if (worker.stopped || worker.wanted) return;
    worker.wanted = true;
    this.enqueue(worker);
  }

  stop(handle: Worker): Promise<void> {
    const worker = handle as InlineWorker;
    if (worker.ended !== undefined) return worker.ended;
    worker.stopped = true;
    this.workers.delete(worker);
    const own = worker.busy ? new Promise<void>((resolve) => (worker.end = resolve)) : Promise.resolve();
    // A chain of namesakes ends in order.
    worker.ended = worker.predecessor !== undefined ? worker.predecessor.then(() => own) : own;
    const ended = worker.ended;
    const key = keyOf(worker);
    this.ending.set(key, ended);
    return ended.then(() => {
      if (this.ending.get(key) === ended) this.ending.delete(key);
    });
  }

  stats(): SchedulerStats {
    return { workers: this.workers.size, failures: this.failures };
  }

  async shutdown(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.workers].map((worker) => this.stop(worker)));
  }

  private waitFor(worker: InlineWorker, predecessor: Promise<void> | undefined): void {
    if (predecessor === undefined) return;
    worker.predecessor = predecessor;
    void predecessor.then(() => {
      worker.predecessor = undefined;
      if (worker.wanted) this.enqueue(worker);
    });
  }

  private enqueue(worker: InlineWorker): void {
    if (worker.queued || worker.busy || worker.predecessor !== undefined || worker.stopped) return;
    worker.queued = true;
    this.ready.push(worker);
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.defer(() => this.run());
  }

  /** One call for each worker that is ready now; those that become ready meanwhile run in the next turn of the loop. */
  private run(): void {
    this.scheduled = false;
    const batch = this.ready;
    this.ready = [];
    for (const worker of batch) this.runOne(worker);
  }

  private runOne(worker: InlineWorker): void {
    worker.queued = false;
    if (worker.stopped) return;
    worker.wanted = false;
    worker.busy = true;
    try {
      const result = worker.work.drain();
      if (typeof result === 'string') this.finished(worker, result);
      else
        result.then(
          (end) => this.finished(worker, end),
          (error) => this.crashed(worker, error),
        );
    } catch (error) {
      this.crashed(worker, error);
    }
  }

  private crashed(worker: InlineWorker, error: unknown): void {
    this.failures += 1;
    this.failed(worker.name, error);
    this.finished(worker, 'idle');
  }

  private finished(worker: InlineWorker, result: DrainResult): void {
    worker.busy = false;
    worker.end?.();
    if (result === 'more') worker.wanted = true;
    if (worker.wanted) this.enqueue(worker);
  }
}

function keyOf({ group, name }: InlineWorker): string {
  return `${group}\n${name}`;
}
