// Runs in a worker thread: see system-stuck-loop.ts.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

export interface WatcherData {
  readonly turns: Int32Array;
  readonly stuckMs: number;
  readonly lookMs: number;
  /** Of the log line: who died. */
  readonly name: string;
}

/** After the signal that should have been the end. */
const SURE_AFTER_MS = 1_000;
const STANDARD_ERROR = 2;

const { turns, stuckMs, lookMs, name } = workerData as WatcherData;
/** Nobody ever wakes it: waiting for it is sleeping. */
const nobody = new Int32Array(new SharedArrayBuffer(4));
let seen = Atomics.load(turns, 0);
let still = 0;
let lookedAt = performance.now();
while (still < stuckMs) {
  Atomics.wait(nobody, 0, 0, lookMs);
  const now = performance.now();
  // Time in which this thread did not run either — the process was stopped, the machine slept — says nothing about the loop.
  still += Math.min(now - lookedAt, 2 * lookMs);
  lookedAt = now;
  const turn = Atomics.load(turns, 0);
  if (turn !== seen) still = 0;
  seen = turn;
}
const line = {
  level: 'error',
  time: new Date().toISOString(),
  node: name,
  stuckMs: Math.round(still),
  event: 'process.stuck',
};
writeSync(STANDARD_ERROR, `${JSON.stringify(line)}\n`);
process.kill(process.pid, 'SIGALRM');
Atomics.wait(nobody, 0, 0, SURE_AFTER_MS);
process.kill(process.pid, 'SIGKILL');
