import { MusterError } from '@muster/ports';
import { dispatch, type Ref, type SupervisionContext, spawn, start, stop } from 'nact';
import type { DrainResult, LocalScheduler, SchedulerStats, Work, Worker } from './scheduler.js';

type Failed = (worker: string, error: unknown) => void;
/** All that nact ever carries. DRAIN: some are ready, this one among them. POISON: the last message, after which the actor may be stopped. */
type Token = 'drain' | 'poison';

interface Group {
  readonly name: string;
  readonly ref: Ref<Token>;
  readonly workers: Set<NactWorker>;
  /** Children of the parent, those that are being stopped included. */
  children: number;
}

class NactWorker implements Worker {
  readonly name: string;
  readonly group: Group;
  readonly work: Work;
  ref: Ref<Token> | undefined;
  /** It is among the ready, or will be when its predecessor or its running drain has ended. */
  armed = false;
  /** A drain that takes its time. */
  running: Promise<void> | undefined;
  stopped = false;
  predecessor: Promise<void> | undefined;
  ended: Promise<void> | undefined;
  end: (() => void) | undefined;

  constructor(name: string, group: Group, work: Work) {
    this.name = name;
    this.group = group;
    this.work = work;
  }
}

/**
 * Actors scheduled by nact 7.6.2: one nact actor per worker under one parent per group. nact's traps, and what keeps us out of them:
 * - a parent's child map is copied for each message the parent handles → parents never get one;
 * - one `setImmediate`, three promises and a copied context per message, no mailbox bound → messages stay with the runtime, and one DRAIN token,
 *   to the first worker that is ready, serves all that are ready when it comes;
 * - `stop()` drops queued messages and lets the running handler overlap its successor → we stop by a POISON token behind whatever
 *   runs, and a namesake does not start before the poisoned one has ended;
 * - a throwing handler or `onCrash` wedges the actor → the handler never throws and never rejects, `onCrash` only says "go on";
 * - random names and query ids collide, names with `/ : @ %` are refused → names are counted, queries are never used;
 * - `shutdownAfter` sets a timer per message, an async `initialStateFunc` makes the state a promise → neither is used.
 */
export class NactScheduler implements LocalScheduler {
  private readonly system = start();
  private readonly groups = new Map<string, Group>();
  private readonly ending = new Map<string, Promise<void>>();
  private readonly failed: Failed;
  /** Whose drain is due, in the order of waking. A token is on its way to the first, or about to be sent. */
  private ready: NactWorker[] = [];
  private spawned = 0;
  private workers = 0;
  private failures = 0;
  private closed = false;

  constructor(failed: Failed = () => undefined) {
    this.failed = failed;
  }

  spawn(groupName: string, name: string, work: Work): Worker {
    if (this.closed) throw new MusterError('STOPPING', { peer: name });
    const worker = new NactWorker(name, this.groupOf(groupName), work);
    worker.ref = spawn(worker.group.ref, this.handle, this.nextName(), { initialState: worker, onCrash: goOn });
    worker.group.workers.add(worker);
    worker.group.children += 1;
    this.workers += 1;
    const predecessor = this.ending.get(keyOf(worker));
    if (predecessor !== undefined) this.waitFor(worker, predecessor);
    return worker;
  }

  wake(handle: Worker): void {
    const worker = handle as NactWorker;
    if (worker.armed || worker.stopped) return;
    worker.armed = true;
    if (worker.predecessor === undefined && worker.running === undefined) this.enqueue(worker);
  }

  stop(handle: Worker): Promise<void> {
    const worker = handle as NactWorker;
    if (worker.ended !== undefined) return worker.ended;
    worker.stopped = true;
    this.workers -= 1;
    worker.group.workers.delete(worker);
    const poisoned = new Promise<void>((resolve) => {
      worker.end = resolve;
    });
    const idle = (worker.predecessor ?? Promise.resolve()).then(() => worker.running);
    const ended = idle.then(() => {
      dispatch(worker.ref!, 'poison');
      return poisoned;
    });
    const key = keyOf(worker);
    worker.ended = ended.then(() => {
      if (this.ending.get(key) === worker.ended) this.ending.delete(key);
    });
    this.ending.set(key, worker.ended);
    return worker.ended;
  }

  stats(): SchedulerStats {
    return { workers: this.workers, failures: this.failures };
  }

  async shutdown(): Promise<void> {
    this.closed = true;
    const all = [...this.groups.values()].flatMap((group) => [...group.workers]);
    await Promise.all(all.map((worker) => this.stop(worker)));
    await Promise.all(this.ending.values());
    stop(this.system);
  }

  /** nact's handler of every worker: `worker` is the actor's nact state. */
  private readonly handle = (worker: NactWorker, token: Token): NactWorker => {
    if (token === 'poison') return this.bury(worker);
    // Who is woken from now on waits for the next token: sockets and timers get their turn in between.
    const { ready } = this;
    this.ready = [];
    for (const one of ready) this.drain(one);
    return worker;
  };

  private enqueue(worker: NactWorker): void {
    // The first of them has nothing before the token in nact's mailbox: it is not running, and POISON comes later.
    if (this.ready.push(worker) === 1) dispatch(worker.ref!, 'drain');
  }

  private drain(worker: NactWorker): void {
    worker.armed = false;
    if (worker.stopped) return;
    try {
      const result = worker.work.drain();
      if (typeof result === 'string') this.finished(worker, result);
      else this.run(worker, result);
    } catch (error) {
      this.crashed(worker, error);
    }
  }

  private run(worker: NactWorker, result: Promise<DrainResult>): void {
    worker.running = result.then(
      (end) => this.rested(worker, end),
      (error) => {
        this.crashed(worker, error);
        this.rested(worker, 'idle');
      },
    );
  }

  private rested(worker: NactWorker, result: DrainResult): void {
    worker.running = undefined;
    if (worker.stopped) return;
    if (worker.armed) this.enqueue(worker);
    else this.finished(worker, result);
  }

  private bury(worker: NactWorker): NactWorker {
    stop(worker.ref!);
    this.leaveGroup(worker.group);
    worker.end?.();
    return worker;
  }

  private finished(worker: NactWorker, result: DrainResult): void {
    if (result === 'more') this.wake(worker);
  }

  private crashed(worker: NactWorker, error: unknown): void {
    this.failures += 1;
    try {
      this.failed(worker.name, error);
    } catch {
      // Whoever listens to failures may fail too; nact must not see it.
    }
  }

  private waitFor(worker: NactWorker, predecessor: Promise<void>): void {
    worker.predecessor = predecessor;
    void predecessor.then(() => {
      worker.predecessor = undefined;
      if (worker.armed && !worker.stopped) this.enqueue(worker);
    });
  }

  private groupOf(name: string): Group {
    const known = this.groups.get(name);
    if (known) return known;
    const ref = spawn(this.system, noMessages, this.nextName(), { initialState: undefined, onCrash: goOn });
    const group: Group = { name, ref, workers: new Set(), children: 0 };
    this.groups.set(name, group);
    return group;
  }

  /** A parent without children goes too; a later spawn makes a new one. */
  private leaveGroup(group: Group): void {
    group.children -= 1;
    if (group.children > 0) return;
    this.groups.delete(group.name);
    stop(group.ref);
  }

  private nextName(): string {
    this.spawned += 1;
    return this.spawned.toString(36);
  }
}

function keyOf(worker: NactWorker): string {
  return `${worker.group.name}\n${worker.name}`;
}

function noMessages(_state: undefined, _token: Token): undefined {
  return undefined;
}

/** Last resort: our handlers do not throw, and an actor that nact believes crashed must not be wedged. */
const goOn = (_message: unknown, _error: unknown, context: SupervisionContext<Token, Ref<never>>): symbol =>
  context.resume as symbol;
