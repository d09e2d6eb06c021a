// Sends commands to many actors of one kind or the other: as fast as they are answered, or at a given rate.
import { setTimeout as sleep } from 'node:timers/promises';
import { Driver } from '../bare-cluster/driver.js';
import type { Place } from '../bare-cluster/standing.js';
import type { Target } from '../bare-cluster/target.js';
import { answering } from '../child.js';
import { Schedule } from '../players/schedule.js';
import { quantile } from '../rounds.js';

/** `kept` is replicated, `loose` is ephemeral; they are the same actor otherwise. */
export type Side = 'kept' | 'loose';

export interface Prepare {
  readonly actors: number;
  /** Bytes of each event's data as JSON. */
  readonly eventBytes: number;
}

export interface DriveRun {
  readonly side: Side;
  readonly forMs: number;
  /** Commands per second of all actors together; undefined: each actor gets the next command when it answered the last. */
  readonly rate: number | undefined;
}

export interface DriveSample {
  readonly asked: number;
  /** Answered with the very count that was due. */
  readonly completed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const BACKED_DEADLINE_MS = 60_000;
const POLL_MS = 50;
const TICK_MS = 1;
const STRAGGLERS_MS = 10_000;

let driver: Driver;
let data: Buffer;
let targets: Record<Side, Target[]> = { kept: [], loose: [] };

async function start(place: Place): Promise<void> {
  driver = await Driver.start(place);
}

async function prepare({ actors, eventBytes }: Prepare): Promise<void> {
  for (let waited = 0; !driver.backed; waited += POLL_MS) {
    if (waited > BACKED_DEADLINE_MS) throw new Error('not every shard got a backup');
    await sleep(POLL_MS);
  }
  const frame = JSON.stringify({ text: '' });
  data = Buffer.from(JSON.stringify({ text: 'x'.repeat(eventBytes - frame.length) }));
  const of = (kind: Side): Target[] => Array.from({ length: actors }, (_, n) => driver.target(kind, `actor-${n}`));
  targets = { kept: of('kept'), loose: of('loose') };
}

/** One run's counts. */
class Counting {
  readonly latencies: number[] = [];
  readonly failures: Record<string, number> = {};
  asked = 0;
  answered = 0;
  completed = 0;

  send(target: Target, then: () => void): void {
    this.asked += 1;
    const sentAt = performance.now();
    driver.send(target, 'write', data, (failure) => {
      this.answered += 1;
      this.latencies.push(performance.now() - sentAt);
      if (failure === '') this.completed += 1;
      else this.failures[failure] = (this.failures[failure] ?? 0) + 1;
      then();
    });
  }

  sample(seconds: number): DriveSample {
    const { asked, completed, failures, latencies } = this;
    return { asked, completed, failures, seconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
  }
}

async function run({ side, forMs, rate }: DriveRun): Promise<DriveSample> {
  const counting = new Counting();
  const from = performance.now();
  if (rate === undefined) saturate(counting, targets[side], from + forMs);
  else await pace(counting, targets[side], { rate, from, until: from + forMs });
  if (rate === undefined) await sleep(forMs);
  for (let waited = 0; counting.answered < counting.asked && waited < STRAGGLERS_MS; waited += 1) await sleep(1);
  return counting.sample((performance.now() - from) / 1_000);
}

/** One command under way per actor. */
function saturate(counting: Counting, all: readonly Target[], until: number): void {
  const next = (target: Target): void => {
    if (performance.now() < until) counting.send(target, () => next(target));
  };
  for (const target of all) next(target);
}

async function pace(
  counting: Counting,
  all: readonly Target[],
  { rate, from, until }: { readonly rate: number; readonly from: number; readonly until: number },
): Promise<void> {
  const schedule = new Schedule(all.length, rate / all.length, from);
  for (let now = from; now < until; now = performance.now()) {
    for (let { client, dueAt } = schedule.next; dueAt <= now; { client, dueAt } = schedule.next) {
      counting.send(all[client]!, () => undefined);
      schedule.done();
    }
    await sleep(TICK_MS);
  }
}

answering({ start, prepare, run });
