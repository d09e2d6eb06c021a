/** What befalls bytes on their way from one process to another. */
export interface Treatment {
  /** They are read and thrown away, as on a broken way; nobody is told, and nobody's end is passed on. */
  readonly swallow: boolean;
  /** They arrive this much later, in order. */
  readonly delayMs: number;
}

export interface Rule extends Treatment {
  readonly from: string;
  readonly to: string;
}

/** Counted while there are rules. */
export interface Passage {
  /** Bytes that were read from the sender. */
  bytes: number;
  swallowed: number;
  delayed: number;
}

export const UNTOUCHED: Treatment = { swallow: false, delayMs: 0 };

/** Which treatment holds between whom, and what it has done so far. A link between two processes is two ways, whoever dialled. */
export class LinkRules {
  private readonly rules = new Map<string, Treatment>();
  private readonly passages = new Map<string, Passage & { readonly from: string; readonly to: string }>();

  set({ from, to, swallow, delayMs }: Rule): void {
    this.rules.set(keyOf(from, to), { swallow, delayMs });
  }

  clear(): void {
    this.rules.clear();
  }

  /** Nothing befalls anybody: nobody need be asked for a name. */
  get isEmpty(): boolean {
    return this.rules.size === 0;
  }

  of(from: string, to: string): Treatment {
    return this.rules.get(keyOf(from, to)) ?? UNTOUCHED;
  }

  passage(from: string, to: string): Passage {
    const key = keyOf(from, to);
    const passage = this.passages.get(key) ?? { from, to, bytes: 0, swallowed: 0, delayed: 0 };
    this.passages.set(key, passage);
    return passage;
  }

  get counts(): readonly (Passage & { readonly from: string; readonly to: string })[] {
    return [...this.passages.values()].map((passage) => ({ ...passage }));
  }
}

function keyOf(from: string, to: string): string {
  return `${from} > ${to}`;
}
