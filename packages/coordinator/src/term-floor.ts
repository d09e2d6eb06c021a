import { pageNumbers, parsePage, type StoreKeys } from '@muster/cluster';
import { type StoredEntry, type Term, term } from '@muster/ports';

/**
 * The highest term known to this coordinator, whether it leads or not: from storage at its start, from every list of the cluster
 * store, from what it wrote itself. A store that is wiped or restored while coordinators live is started above it (K4).
 */
export class TermFloor {
  private readonly pages: ReadonlySet<string>;
  private readonly keys: StoreKeys;
  private highest: Term = term(0);
  private seenAt = 0;

  constructor(keys: StoreKeys) {
    this.keys = keys;
    this.pages = new Set(pageNumbers(keys.layout).map((page) => keys.page(page)));
  }

  get term(): Term {
    return this.highest;
  }

  raise(to: number): void {
    if (to > this.highest) this.highest = term(to);
  }

  /** What a list of the store shows. Pages that did not change since the last one are not read again. */
  saw(entries: readonly StoredEntry[], revision: number): void {
    for (const { key, value, modRevision } of entries)
      if (modRevision > this.seenAt && this.pages.has(key)) this.raise(highestIn(this.keys, key, value));
    this.seenAt = revision;
  }
}

/** 0 where the page cannot be read: its leader will say so. */
function highestIn(keys: StoreKeys, key: string, text: string): number {
  try {
    const page = Number(key.slice(keys.shards.length));
    return parsePage(page, text).reduce((highest, row) => Math.max(highest, row.term), 0);
  } catch {
    return 0;
  }
}
