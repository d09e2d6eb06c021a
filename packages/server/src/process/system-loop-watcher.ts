// Runs in a worker thread: see system-stuck-loop.ts.
import { readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type LoopLook, looked, newStuckLoop, waitedMsIn } from './stuck-loop.js';

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
let loop = newStuckLoop(look());
while (loop.stillMs < stuckMs) {
  Atomics.wait(nobody, 0, 0, lookMs);
  loop = looked(loop, look(), lookMs);
}
const line = {
  level: 'error',
  time: new Date().toISOString(),
  node: name,
  stuckMs: Math.round(loop.stillMs),
  event: 'process.stuck',
};
writeSync(STANDARD_ERROR, `${JSON.stringify(line)}\n`);
process.kill(process.pid, 'SIGALRM');
Atomics.wait(nobody, 0, 0, SURE_AFTER_MS);
process.kill(process.pid, 'SIGKILL');

function look(): LoopLook {
  return { at: performance.now(), turn: Atomics.load(turns, 0), waitedMs: waitedMs() };
}

/** Of the main thread, whose id is the process's. Elsewhere than on Linux nobody knows. */
function waitedMs(): number {
  try {
    return waitedMsIn(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8'));
  } catch {
    return 0;
  }
}
