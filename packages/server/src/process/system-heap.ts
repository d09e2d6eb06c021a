import { setFlagsFromString } from 'node:v8';

/**
 * Says how much the heap may grow between two full collections: of V8's own flags the one that it looks at each time, so it can be set while the
 * process runs and from its configuration. 0: as V8 finds it best for speed, which keeps up to as much garbage as there are players.
 */
export function limitHeapGrowth(percent: number, setFlags: (flags: string) => void = setFlagsFromString): void {
  if (percent > 0) setFlags(`--heap-growing-percent=${percent}`);
}
