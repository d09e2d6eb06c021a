import { randomBytes } from 'node:crypto';
import type { Random } from './random.js';

/** The operating system's randomness. */
export class SystemRandom implements Random {
  next(): number {
    return Math.random();
  }

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}
