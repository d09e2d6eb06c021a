import type { ReplicationOptions } from './options.js';

interface Tail {
  chars: number;
  /** Whole again when its records are longer than this. */
  max: number;
}

/**
 * How long the records of each actor of one log have become since it was told whole. The owner has the actor at hand, and tells it with the
 * record that makes them long: a copy would have to read all of them to keep them few.
 */
export class Tails {
  private readonly options: Pick<ReplicationOptions, 'tailCharsMin' | 'tailFactor' | 'envelopeCharsMax'>;
  private readonly tails = new Map<string, Tail>();

  constructor(options: Pick<ReplicationOptions, 'tailCharsMin' | 'tailFactor' | 'envelopeCharsMax'>) {
    this.options = options;
  }

  clear(): void {
    this.tails.clear();
  }

  /** The actor whole, if it is time; empty: it is not, or it is too long to go with a record: copies merge it themselves. */
  add(entity: string, chars: number, whole: (() => string) | undefined): string {
    if (chars === 0) {
      this.tails.delete(entity);
      return '';
    }
    let tail = this.tails.get(entity);
    if (!tail) {
      tail = { chars: 0, max: this.options.tailCharsMin };
      this.tails.set(entity, tail);
    }
    tail.chars += chars;
    if (tail.chars <= tail.max || !whole) return '';
    tail.chars = 0;
    const text = said(whole);
    const { tailCharsMin, tailFactor, envelopeCharsMax } = this.options;
    tail.max = Math.max(tailCharsMin, tailFactor * text.length);
    return text.length > envelopeCharsMax ? '' : text;
  }
}

/** An actor that cannot be told as text just now is told next time; who saves it will say what is wrong with it. */
function said(whole: () => string): string {
  try {
    return whole();
  } catch {
    return '';
  }
}
