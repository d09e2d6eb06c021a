import { SeededRandom } from '@muster/ports';
import { CARVINGS } from './carve.js';
import type { Fault } from './fault.js';
import { KILLS } from './kill.js';
import { LINK_FAULTS } from './links.js';
import { PAUSES } from './pause.js';
import { RESTARTS } from './restart.js';

export const FAULTS: readonly Fault[] = [...KILLS, ...PAUSES, ...LINK_FAULTS, ...RESTARTS, ...CARVINGS];

/**
 * Which kind of fault comes next: a shuffled deck, dealt from the top and shuffled anew when it is used up. So every kind comes before any comes twice,
 * and the same seed deals the same kinds in the same order, however many of them a round takes.
 */
export class Deck<T> {
  private readonly random: SeededRandom;
  private readonly kinds: readonly T[];
  private rest: T[] = [];

  constructor(kinds: readonly T[], seed: number) {
    this.kinds = kinds;
    this.random = new SeededRandom(seed);
  }

  next(): T {
    if (this.rest.length === 0) this.rest = this.shuffled();
    return this.rest.shift()!;
  }

  private shuffled(): T[] {
    const rest = [...this.kinds];
    for (let n = rest.length - 1; n > 0; n -= 1) {
      const other = Math.floor(this.random.next() * (n + 1));
      [rest[n], rest[other]] = [rest[other]!, rest[n]!];
    }
    return rest;
  }
}
