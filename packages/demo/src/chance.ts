import type { Random } from '@muster/ports';

/** One of them. `list` is not empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.next() * list.length)]!;
}

/** Uniform from `min` to `max`. */
export function between(random: Random, min: number, max: number): number {
  return min + random.next() * (max - min);
}

/** True with probability `p`. */
export function happens(random: Random, p: number): boolean {
  return random.next() < p;
}
