import type { Envelope } from './envelope.js';
import { findRepeat } from './repeats.js';

/**
 * Functions that hold one rule of the kernel each, taken at composition. Nobody but the simulator gives others: it replaces one at a
 * time, to see that its checks find what is then broken.
 */
export interface RuntimeRules {
  /** K11, and K8's receivers. */
  readonly findRepeat: typeof findRepeat;
  /** K8, at a promotion. */
  readonly owedSends: typeof owedSends;
}

export const RUNTIME_RULES: RuntimeRules = { findRepeat, owedSends };

/** K8: what a former owner had sent and not heard of goes on being sent. */
export function owedSends({ outbox }: Envelope): Envelope['outbox'] {
  return outbox;
}
