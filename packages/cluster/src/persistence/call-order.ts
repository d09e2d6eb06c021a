import type { Need } from './log-start.js';
import type { StoredLog } from './stored-log.js';

/** What is next, and for whom. Undefined: nobody needs anything. */
export interface NextCall<Log> {
  readonly need: Need | undefined;
  readonly logs: readonly Log[];
}

type Wanting = Pick<StoredLog, 'need'> & { readonly leaving: Pick<StoredLog['leaving'], 'size'> };

/** Every so many calls are for all, whoever waits: what nobody waits for has to be stored soon, too. */
const FOR_ALL_EVERY = 4;

/**
 * One kind of call after the other: claims first, as nothing else goes before them. A node that is promoted has hundreds of shards to claim and
 * to store at once, and people wait for a few of them: those go first.
 */
export class CallOrder {
  private readonly claimsMax: number;
  private calls = 0;
  private hasSaved = false;

  /** `claimsMax`: shards in one call that is not about records. */
  constructor(claimsMax: number) {
    this.claimsMax = claimsMax;
  }

  /** Those that need nothing leave the set. */
  next<Log extends Wanting>(wanting: Set<Log>): NextCall<Log> {
    this.calls += 1;
    const pressing: Log[] = [];
    const others: Log[] = [];
    for (const log of wanting) (log.leaving.size > 0 ? pressing : others).push(log);
    const urgent = this.calls % FOR_ALL_EVERY > 0 ? this.choose(pressing, wanting) : undefined;
    return urgent?.need === undefined ? this.choose([...pressing, ...others], wanting) : urgent;
  }

  private choose<Log extends Wanting>(from: readonly Log[], wanting: Set<Log>): NextCall<Log> {
    const by = new Map<Need, Log[]>();
    for (const log of from) {
      const { need } = log;
      if (need === undefined) wanting.delete(log);
      else by.get(need)?.push(log) ?? by.set(need, [log]);
    }
    const records = [...(by.get('append') ?? []), ...(by.get('ask') ?? [])];
    for (const need of ['claim', 'mark', 'review', 'save'] as const) {
      const logs = by.get(need);
      const isLong = need === 'save' || need === 'review';
      // Many saves must not hold up the records of other shards.
      const isNext = !isLong || !this.hasSaved || records.length === 0;
      if (!logs || !isNext) continue;
      this.hasSaved = isLong;
      // Of saves only so many are taken as one call holds, of whichever logs.
      return { need, logs: need === 'save' ? logs : logs.slice(0, this.claimsMax) };
    }
    this.hasSaved = false;
    if (records.length > 0) return { need: 'append', logs: records };
    const goners = by.get('forget');
    return { need: goners && 'forget', logs: goners ?? [] };
  }
}
