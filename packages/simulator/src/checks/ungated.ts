import { type EntityRef, entityKey, type PeerId, type ShardId, type Term } from '@muster/ports';
import type { Report } from './violation.js';

/**
 * Fence 4 and K6: of an ungated actor, which waits for nobody's acknowledgement, two owners never act. Once one acted in a term, nobody
 * does in an older one.
 */
export class Ungated {
  private readonly report: Report;
  private readonly last = new Map<string, { readonly term: Term; readonly by: PeerId }>();
  acts = 0;
  /** By another process than the act before. */
  successions = 0;

  constructor(report: Report) {
    this.report = report;
  }

  acted(self: EntityRef, shard: ShardId, term: Term, by: PeerId): void {
    this.acts += 1;
    const key = entityKey(self);
    const before = this.last.get(key);
    if (before && before.by !== by) this.successions += 1;
    if (before && before.term > term)
      this.report(
        'one owner of ungated actors acts',
        `${key} in shard ${shard}: ${by} in term ${term} after ${before.by} in term ${before.term}`,
      );
    else this.last.set(key, { term, by });
  }
}
