import { setTimeout as sleep } from 'node:timers/promises';

export interface MemoryRun {
  readonly actors: number;
  /** Ours only: measured after they left memory as actors and are kept as text. */
  readonly parked: boolean;
}

/** Bytes in use by JavaScript (heap and what it holds outside) and by the process as a whole. */
export interface Footprint {
  readonly heap: number;
  readonly rss: number;
}

export interface MemorySample {
  readonly before: Footprint;
  readonly after: Footprint;
  /** How many there really are. */
  readonly actors: number;
  readonly wrong: number;
}

/** Footprints around `grow`, each after everything that can be collected was. Needs `--expose-gc`. */
export async function sizeUp(
  grow: () => Promise<void>,
): Promise<{ readonly before: Footprint; readonly after: Footprint }> {
  const before = await footprint();
  await grow();
  return { before, after: await footprint() };
}

async function footprint(): Promise<Footprint> {
  if (!globalThis.gc) throw new Error('--expose-gc is needed');
  // Finalizers and what they free take turns of their own.
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc();
    await sleep(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
