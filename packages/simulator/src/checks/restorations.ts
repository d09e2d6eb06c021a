import { type Millis, type PeerId, parsePeerId, type ShardId } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import type { Ways } from '../network/ways.js';

export interface RestorationsSetup {
  readonly fleet: Fleet;
  readonly ways: Ways;
  readonly view: StoreView;
  readonly now: () => Millis;
}

/** As with losses: failures so close together count as one disaster. */
const TOGETHER_MS: Millis = 10_000;

/** One restore: who knew what the copy lacks, and since when nobody leads who does. */
interface Restored {
  readonly knower: PeerId | '';
  readonly at: Millis;
  lostAt: Millis;
  /** Shards whose rows were older than what they had been, when that was. */
  readonly behind: Set<ShardId>;
  /** Whoever placed them without knowing has placed them, and somebody has begun with them: their rows count again. */
  readonly begun: Set<ShardId>;
}

/**
 * What a store that was put back to an older state excuses (K4), as docs/reliability.md promises it: nothing while its leader lives, who
 * writes again what the copy lacks. Where another takes over before the table is there again, and only because that one has failed, each
 * shard may go back to what storage has: once, as it is placed by whoever did not know.
 */
export class Restorations {
  private readonly setup: RestorationsSetup;
  private last: Restored | undefined;

  constructor(setup: RestorationsSetup) {
    this.setup = setup;
    setup.view.onEpoch(({ leader }) => this.ledBy(leader));
  }

  /** To be called just before the store is put back. */
  begin(): void {
    const { view, now } = this.setup;
    const never = Number.POSITIVE_INFINITY;
    this.last = { knower: view.leader, at: now(), lostAt: never, behind: new Set(), begun: new Set() };
  }

  /** Nobody can say any more whose the shard was. */
  isForgotten(shard: ShardId): boolean {
    const { last } = this;
    if (!last || last.begun.has(shard)) return false;
    const since = this.setup.now() - last.lostAt;
    return since >= 0 && (since < TOGETHER_MS || last.behind.has(shard));
  }

  /** A process has begun with the shard. */
  began(shard: ShardId): void {
    if (this.last && this.last.lostAt <= this.setup.now()) this.last.begun.add(shard);
  }

  /** Somebody leads in a new epoch. */
  private ledBy(leader: PeerId): void {
    const { last } = this;
    if (!last || leader === last.knower) return;
    const { view, now } = this.setup;
    const behind = view.behind();
    // Whoever knew has written it again, or nothing was lost with the copy.
    if (behind.length === 0 && last.lostAt === Number.POSITIVE_INFINITY) this.last = undefined;
    else if (this.hasFailed(last.knower, last.at)) {
      last.lostAt = Math.min(last.lostAt, now());
      for (const shard of behind) last.behind.add(shard);
    }
  }

  /** It is gone, or could not take part around that time, or nobody could hear whether it did. */
  private hasFailed(peer: PeerId | '', at: Millis): boolean {
    if (peer === '') return true;
    const { fleet, ways } = this.setup;
    const { id } = parsePeerId(peer);
    const { process, stopping } = fleet.get(id) ?? {};
    const since = at - TOGETHER_MS;
    if (process?.peer !== peer || stopping || process.state !== 'running' || process.steadySince > since) return true;
    return ways.cutsAt(id, since).length > 0 || !ways.isFluent || fleet.isCutFromStore(id);
  }
}
