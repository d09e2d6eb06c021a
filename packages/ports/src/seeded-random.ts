import type { Random } from './random.js';

/**
 * The same seed gives the same sequence: simulation and tests. Not for secrets.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    let mix = seed | 0;
    const split = (): number => {
      mix = (mix + 0x9e3779b9) | 0;
      let z = mix ^ (mix >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.a = split();
    this.b = split();
    this.c = split();
    for (let i = 0; i < 12; i += 1) this.uint32();
  }

  next(): number {
    return this.uint32() / 4_294_967_296;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.uint32() & 0xff;
    return bytes;
  }

  /** An independent generator: one for each simulated process, so that one's draws do not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32());
  }

  private uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum >>> 0;
  }
}
