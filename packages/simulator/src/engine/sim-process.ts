import {
  type Log,
  MemoryMetrics,
  type PeerId,
  peerId,
  type SeededRandom,
  token,
  type VirtualClock,
} from '@muster/ports';
import { type Gate, ProcessClock } from './process-clock.js';
import type { Trace } from './trace.js';

export interface SimProcessSetup {
  readonly id: string;
  readonly world: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly rate: number;
  readonly wallOffsetMs: number;
  /** Something of it threw where nobody caught it: a real process would have ended. */
  readonly crashed: (process: SimProcess, error: unknown) => void;
}

/**
 * One run of one process: everything it ever does passes through {@link run}. Killed, nothing of it runs any more, not even what had
 * begun to wait; paused, what would run waits in the order in which it came, and runs in that order when the process goes on.
 */
export class SimProcess implements Gate {
  readonly id: string;
  readonly incarnation: string;
  readonly peer: PeerId;
  readonly clock: ProcessClock;
  readonly random: SeededRandom;
  readonly metrics = new MemoryMetrics();
  /** Running without a stop since then. */
  steadySince: number;
  readonly log: Log;
  private readonly world: VirtualClock;
  private readonly trace: Trace;
  private readonly crashed: SimProcessSetup['crashed'];
  private current: 'running' | 'paused' | 'dead' = 'running';
  private backlog: (() => void)[] = [];
  private readonly pauses = new Set<() => void>();
  private readonly deaths = new Set<() => void>();

  constructor({ id, world, random, trace, rate, wallOffsetMs, crashed }: SimProcessSetup) {
    this.id = id;
    this.world = world;
    this.random = random;
    this.trace = trace;
    this.crashed = crashed;
    this.incarnation = token(random, 3).replace(/[^A-Za-z0-9]/g, 'x');
    this.peer = peerId(id, this.incarnation);
    this.steadySince = world.monotonic();
    this.clock = new ProcessClock({ world, gate: this, rate, wallOffsetMs });
    this.log = trace.logOf(this.peer);
  }

  get state(): 'running' | 'paused' | 'dead' {
    return this.current;
  }

  run(task: () => void): void {
    if (this.current === 'dead') return;
    // What came during a pause goes first, also when the pause has just ended.
    if (this.current === 'paused' || this.backlog.length > 0) this.backlog.push(task);
    else this.attempt(task);
  }

  /** As SIGSTOP: its sockets stay, and nobody reads them. */
  pause(): void {
    if (this.current !== 'running') return;
    this.current = 'paused';
    this.trace.write(this.peer, 'info', 'process.paused');
    for (const told of [...this.pauses]) told();
  }

  /** As SIGCONT. */
  resume(): void {
    if (this.current !== 'paused') return;
    this.current = 'running';
    this.steadySince = this.world.monotonic();
    this.trace.write(this.peer, 'info', 'process.resumed', { waiting: this.backlog.length });
    this.world.defer(() => this.catchUp());
  }

  /** As SIGKILL. */
  kill(): void {
    if (this.current === 'dead') return;
    this.current = 'dead';
    this.backlog = [];
    this.trace.write(this.peer, 'info', 'process.dead');
    for (const told of [...this.deaths]) told();
    this.deaths.clear();
    this.pauses.clear();
  }

  onPause(told: () => void): () => void {
    this.pauses.add(told);
    return () => this.pauses.delete(told);
  }

  onDeath(told: () => void): () => void {
    this.deaths.add(told);
    return () => this.deaths.delete(told);
  }

  private catchUp(): void {
    for (let i = 0; i < this.backlog.length; i += 1) {
      if (this.current === 'paused') {
        this.backlog.splice(0, i);
        return;
      }
      this.attempt(this.backlog[i]!);
    }
    this.backlog = [];
  }

  private attempt(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.crashed(this, error);
    }
  }
}
