// A process that is alone with itself: its main loop does not turn, and its sockets stay open.
//
// Everybody else sees silence, and silence may be a cut line: it is waited for, and a gateway's clients hang on for as long as their own
// patience lasts. So the process ends itself: its sockets reset, its address refuses, and that is a sure death which fails over at once.
//
//   main loop ── advances a shared counter ──► worker thread: the same number for stuckMs (stuck-loop.ts) ──► one line, then SIGALRM
//
// SIGALRM: nobody listens to it, so the kernel ends the process whatever its threads do, without writing a core file for seconds; it tells such an
// end (exit code 142) from a kill. The kernel spares process 1 of a container from signals of its own: run it under an init.
// A debugger that holds the main thread looks the same: set `process.stuckMs` to 0 for it.
import { Worker } from 'node:worker_threads';
import type { Log } from '@muster/ports';
import type { WatcherData } from './system-loop-watcher.js';

/** Looks per `stuckMs`. Fewer: found later. More: the worker wakes up more often for nothing. */
const LOOKS = 10;

/** Ends this process when its main loop has not turned for `stuckMs`; 0: never. Returns how to stop watching. */
export function endWhenStuck(name: string, stuckMs: number, log: Log): () => void {
  if (stuckMs === 0) return () => undefined;
  const lookMs = Math.ceil(stuckMs / LOOKS);
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const beat = setInterval(() => Atomics.add(turns, 0, 1), lookMs);
  beat.unref();
  const workerData: WatcherData = { turns, stuckMs, lookMs, name };
  // Flags of this process are about its main thread.
  const worker = new Worker(new URL('./system-loop-watcher.js', import.meta.url), { workerData, execArgv: [] });
  worker.on('error', (error) => log.write('error', 'stuck-loop.unwatched', { error }));
  worker.unref();
  if (process.pid === 1) log.write('warn', 'stuck-loop.no-init', { stuckMs });
  return () => {
    clearInterval(beat);
    void worker.terminate();
  };
}
