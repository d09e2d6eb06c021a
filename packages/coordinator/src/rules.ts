import { goodForMs } from '@muster/cluster';
import { successorOf } from './second-places.js';

/**
 * Functions that hold one rule of the kernel each, taken at composition. Nobody but the simulator gives others: it replaces one at a
 * time, to see that its checks find what is then broken.
 */
export interface CoordinatorRules {
  /** K6. */
  readonly goodForMs: typeof goodForMs;
  /** K10. */
  readonly successorOf: typeof successorOf;
}

/** The rules with `changes`. */
export function coordinatorRules(changes: Partial<CoordinatorRules> = {}): CoordinatorRules {
  return { goodForMs, successorOf, ...changes };
}
