import type { CarvingWrite, PeerInfo, Peers, ReleaseMove, ShardRow } from '@muster/cluster';
import type { Clock, Compare, Log, Metrics, Millis, PeerId, ShardId } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { Entities } from './entities.js';
import { evacuate } from './evacuation.js';
import type { HeardLoads } from './heard-loads.js';
import type { CommitResult, Ledger } from './ledger.js';
import type { Moves } from './moves.js';
import type { CoordinatorOptions } from './options.js';
import type { OverrideChange } from './overrides.js';
import {
  applied,
  arrange,
  balance,
  givenTo,
  handedOver,
  isCold,
  isWaiting,
  namedIn,
  type PlacementInput,
} from './placement.js';
import { Releases } from './releases.js';
import type { Restoration } from './restoration.js';
import type { Roster } from './roster.js';
import type { CoordinatorRules } from './rules.js';
import { levelled } from './second-places.js';
import type { StoreHealth } from './store-health.js';
import { type TableChanges, tableChanges } from './table-changes.js';

export type PlacedWhy = 'cold-start' | 'dead' | 'unowned' | 'join' | 'moved';

/** Lines that are deleted with one transaction; older ones run out with their lease. 128 operations hold 40 pages and the epoch beside them. */
const DEAD_LINES_MAX = 32;

interface DeadLine {
  readonly peer: PeerId;
  readonly line: Compare;
}

export interface PlacerSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly moves: Moves;
  readonly entities: Entities;
  readonly loads: HeardLoads;
  readonly health: StoreHealth;
  readonly epoch: number;
  /** K4: whether the table that was found is older than what storage remembers. */
  readonly restoration: Restoration;
  readonly options: CoordinatorOptions;
  readonly rules?: Partial<CoordinatorRules>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: {
    /** Committed. `why`: of those that were placed. */
    changed(why: PlacedWhy, changes: TableChanges): void;
    /** Committed: these entities are in other shards. */
    carved(writes: readonly CarvingWrite[]): void;
    fenced(): void;
  };
}

/**
 * Makes the table what it should be. Level-triggered: whatever happened, it compares the table with the members and writes the
 * difference, so nothing that was missed or refused is missed for ever. One transaction at a time.
 */
export class Placer {
  private readonly setup: PlacerSetup;
  private running = false;
  private again = false;
  private stopped = false;
  /** Of members that died: deleted with the last row that names them. A later leader finds in it where to look whether they are dead. */
  private deadLines: readonly DeadLine[] = [];
  /** Nodes that died, until the store remembers it: with the last row that names them, like their lines. */
  private toBury: readonly PeerId[] = [];
  private firstTargetAt: Millis | undefined;
  private balancedAt: Millis;
  private retryAt: Millis = Number.NEGATIVE_INFINITY;
  /** The last transaction did not happen: what it would have changed still has to be. */
  private unfinished = false;
  private readonly releases: Releases;
  private toLevel = false;

  constructor(setup: PlacerSetup) {
    this.setup = setup;
    this.balancedAt = setup.clock.monotonic();
    const { clock, peers, epoch, ledger } = setup;
    this.releases = new Releases({
      clock,
      peers,
      epoch,
      rowOf: (shard) => ledger.row(shard),
      on: {
        commit: () => this.request(),
        // The next round follows at once: a joiner should not wait for its share.
        over: () => {
          this.balancedAt = Number.NEGATIVE_INFINITY;
        },
      },
    });
  }

  stop(): void {
    this.stopped = true;
  }

  /** Shards that change their owners at this moment though nobody died. */
  get moving(): number {
    return this.releases.size + this.setup.moves.size;
  }

  /** Shards that nobody serves: they need an owner, or wait until it is known who may be it. */
  homeless(): number {
    const input = this.input();
    return input.rows.filter((row) => isWaiting(row, input)).length;
  }

  /** Something changed: look at the table now. */
  request(): void {
    if (this.stopped) return;
    if (this.running) this.again = true;
    else void this.run();
  }

  /** `buried`: it may not know, and must not come back as who it was. */
  died(peer: PeerId, line: Compare | undefined, buried: boolean): void {
    if (buried) this.toBury = [...this.toBury, peer].slice(-DEAD_LINES_MAX);
    // Those of nodes that owned nothing pile up until something is placed; a transaction takes only so many compares.
    if (line)
      this.deadLines = [...this.deadLines.filter((it) => it.line.key !== line.key), { peer, line }].slice(
        -DEAD_LINES_MAX,
      );
    this.releases.died(peer);
    this.request();
  }

  tick(): void {
    if (this.stopped) return;
    const now = this.now();
    this.releases.tick();
    // Before what may keep this busy: as long as shards are homeless, every tick asks whether they can be placed.
    this.evacuate();
    this.giveUpSolos();
    if (now >= this.retryAt && (this.unfinished || this.homeless() > 0)) this.request();
    const isDue = now - this.balancedAt >= this.setup.options.balanceEveryMs;
    if (this.releases.isIdle && !this.running && isDue) this.balance(now);
  }

  released(from: PeerInfo, envelope: EnvelopeOf<'released'>): void {
    this.releases.released(from, envelope);
  }

  /** It is not on its way otherwise. */
  mayMove({ shard }: ShardRow): boolean {
    return !this.releases.has(shard) && !this.setup.entities.carvings.has(shard);
  }

  /** Its owner is asked to give it up. */
  isReleased(shard: ShardId): boolean {
    return this.releases.has(shard);
  }

  /** Begins what is next in emptying the nodes that drain. */
  evacuate(): void {
    const { ledger, roster, options, moves } = this.setup;
    if (this.stopped || this.running || roster.leaving().length === 0) return;
    const isBusy = (row: ShardRow) => moves.has(row.shard) || !this.mayMove(row);
    const mayBeTaken = roster.eligible().length > 0;
    const plan = evacuate({ ...this.input(), isEmpty: (row) => this.isEmpty(row), isBusy, mayBeTaken });
    for (const { row, to } of plan.handOffs)
      if (row.owner !== '' && to !== '' && moves.hasRoom(row.owner, to)) moves.begin(row, to, 'drain');
    const leaving = new Set(roster.leaving());
    if (ledger.rows().some(({ backup }) => backup !== '' && leaving.has(backup))) this.toLevel = true;
    if (this.releases.isIdle && this.storeIsNear()) {
      const parks = plan.parks.map((row) => ({ row, to: '' as const }));
      if (plan.releases.length > 0) this.releases.start(plan.releases.slice(0, options.releasesMax), options.releaseMs);
      else if (parks.length > 0) this.releases.start(parks.slice(0, options.releasesMax), options.parkMs);
    }
    if (this.toLevel) this.request();
  }

  /** Solo shards that nobody is in any more are nobody's (K1). */
  private giveUpSolos(): void {
    if (!this.releases.isIdle || !this.storeIsNear()) return;
    const idle = this.setup.entities.orders.idle();
    if (idle.length > 0) this.releases.start(idle.map((row) => ({ row, to: '' as const })), this.setup.options.parkMs); // biome-ignore format: one line
  }

  private async run(): Promise<void> {
    this.running = true;
    do {
      this.again = false;
      if (this.setup.health.reachable) await this.settle();
    } while (this.again && !this.stopped);
    this.running = false;
  }

  /** The dead first: their shards are nobody's. */
  private async settle(): Promise<void> {
    await this.arrange();
    if (!this.stopped) await this.commitMoves();
    if (!this.stopped) await this.commitCarvings();
    if (!this.stopped) await this.commitSolos();
    const released = this.releases.takeCommit();
    if (released && !this.stopped) await this.commitReleased(released);
    if (this.toLevel && !this.stopped) await this.level();
    this.toLevel = false;
  }

  /** Owners, backups and learners as they should be, in one transaction; the lines of the dead go with it. */
  private async arrange(): Promise<void> {
    const { on, roster, restoration } = this.setup;
    if (!(await restoration.mend(this.input()))) return this.retry();
    const cold = isCold(this.input());
    if (cold && !this.isWarm(roster.targets())) return;
    if (!(await restoration.fence())) return this.retry();
    const input = this.input();
    const changes = arrange(input);
    const named = namedIn(applied(input.rows, changes));
    const lines = this.deadLines.flatMap(({ peer, line }) => (named.has(peer) ? [] : [line]));
    // One that rows still name may come back while they do.
    this.toBury = this.toBury.filter((peer) => !roster.isAlive(peer));
    const buries = this.toBury.filter((peer) => !named.has(peer));
    this.unfinished = false;
    if (changes.length === 0 && lines.length === 0 && buries.length === 0) return;
    const unowned = changes.every((row) => input.rows[row.shard]!.owner === '');
    const why = cold ? 'cold-start' : unowned ? 'unowned' : 'dead';
    const result = await this.commit(why, input.rows, changes, lines, buries);
    if (result === 'committed') {
      this.deadLines = this.deadLines.filter(({ line }) => !lines.includes(line));
      this.toBury = this.toBury.filter((peer) => !buries.includes(peer));
    } else if (result === 'fenced') on.fenced();
    else if (result === 'refused' && lines.length > 0) {
      // A line that is not as it was: its process is back under a new name. That may not hold up its old shards.
      this.deadLines = this.deadLines.filter(({ line }) => !lines.includes(line));
      this.again = true;
    } else this.retry();
  }

  private retry(): void {
    this.unfinished = true;
    this.retryAt = this.now() + this.setup.options.retryMs;
  }

  private async commit(
    why: PlacedWhy,
    before: readonly ShardRow[],
    changes: readonly ShardRow[],
    lines: readonly Compare[] = [],
    buries: readonly PeerId[] = [],
    overrides: readonly OverrideChange[] = [],
  ): Promise<CommitResult> {
    const result = await this.setup.ledger.commit(changes, lines, buries, overrides);
    this.count(result);
    if (result === 'committed' && changes.length > 0) this.setup.on.changed(why, tableChanges(before, changes));
    return result;
  }

  /** At a cold start the nodes that are expected are waited for, so that the first one does not get everything. */
  private isWarm(targets: readonly PeerId[]): boolean {
    const { expectNodes, coldStartMs } = this.setup.options;
    const now = this.now();
    if (targets.length > 0) this.firstTargetAt ??= now;
    return targets.length >= expectNodes || now - (this.firstTargetAt ?? now) >= coldStartMs;
  }

  private input(): PlacementInput {
    const { ledger, roster, loads, moves, entities, restoration } = this.setup;
    return {
      isCarved: (shard) => entities.isCarved(shard),
      isMoveKnown: (move) => moves.knows(move),
      isLeaving: (peer) => roster.get(peer)?.state === 'draining',
      rows: ledger.rows(),
      layout: ledger.layout,
      targets: roster.targets(),
      eligible: roster.eligible(),
      isAlive: (peer) => roster.isAlive(peer),
      isAnyAtLarge: () => moves.atLarge.isAny(),
      isGivenUp: (peer) => roster.isGivenUp(peer),
      isWell: (peer) => roster.isWell(peer),
      isProvenDead: (peer) => roster.isProvenDead(peer),
      isSurelyDead: (peer) => roster.isSurelyDead(peer),
      zoneOf: (peer) => roster.zoneOf(peer),
      isReported: (row, what, peer) => loads.isReported(row, what, peer, ledger.changedAt(row.shard)),
      outrankedBy: (row) => loads.outrankedBy(row, ledger.changedAt(row.shard)) ?? restoration.outrankedBy(row),
      ...this.setup.rules,
      floorTerm: restoration.floorTerm,
      outdated: restoration.outdated,
    };
  }

  private balance(now: Millis): void {
    const { ledger, roster, options, moves } = this.setup;
    this.balancedAt = now;
    const targets = roster.targets();
    if (!this.storeIsNear() || targets.length < 2 || this.homeless() > 0) return;
    const isEmpty = (row: ShardRow) => this.isEmpty(row) && !moves.has(row.shard) && this.mayMove(row);
    const empty = balance({ rows: ledger.rows(), layout: ledger.layout, targets, isEmpty, max: options.releasesMax });
    if (empty.length === 0) {
      this.toLevel = true;
      this.request();
      return;
    }
    this.releases.start(empty, options.releaseMs);
  }

  private isEmpty({ owner, shard }: ShardRow): boolean {
    return owner !== '' && this.setup.loads.isOccupied(owner, shard) === false;
  }

  /** K13: nothing is sealed for a store that has not answered lately. */
  private storeIsNear(): boolean {
    const { health, options } = this.setup;
    return health.reachable && health.answeredAgoMs <= options.sealWithinMs;
  }

  /** One batch of copies at a time: what is being copied already comes first. What drains does not wait for what only stands unevenly. */
  private async level(): Promise<void> {
    const input = this.input();
    // Not those without a second place: whoever could have one learns it by now, and the others would keep this from ever going on.
    const copying = input.rows.filter(({ learner }) => learner !== '').length;
    const room = this.setup.options.copiesMax - copying;
    const changes = room <= 0 ? [] : levelled(input.rows, input, room, copying > 0 ? 'only-leaving' : 'all');
    if (changes.length === 0) return;
    if ((await this.commit('join', input.rows, changes)) === 'fenced') this.setup.on.fenced();
  }

  /** What moves have to write: one transaction for all that wait, so that no sealed shard waits for another's. */
  private async commitMoves(): Promise<void> {
    const { moves, ledger, on } = this.setup;
    const writes = moves.takeWrites();
    if (writes.length === 0) return;
    const result = await this.commit('moved', ledger.rows(), writes.map(({ row }) => row)); // biome-ignore format: one line
    if (result === 'stopped' || this.stopped) return;
    // Deposed: it may have happened before the other leader came, and only that one knows (K2, K13).
    if (result === 'fenced') on.fenced();
    else moves.settled(writes, result === 'committed');
  }

  /** Entities that their owners hold: one transaction for all that wait, with both rows of each (K1). */
  private async commitCarvings(): Promise<void> {
    const { entities, ledger, on } = this.setup;
    const { carvings, orders } = entities;
    const writes = carvings.takeWrites();
    if (writes.length === 0) return;
    const overrides = writes.map(({ entity, shard }) => ({
      entity,
      to: shard === null ? null : { shard, pinned: orders.isPinned(entity) },
    }));
    const rows = writes.flatMap((write) => write.rows);
    const result = await this.commit('moved', ledger.rows(), rows, [], [], overrides);
    if (result === 'stopped' || this.stopped) return;
    // Deposed: only the other leader knows whether it happened (K2, K13).
    if (result === 'fenced') on.fenced();
    else {
      if (result === 'committed') on.carved(writes);
      carvings.settled(writes, result === 'committed');
    }
  }

  /** Empty solo shards get their owners, and what an operator said of carved entities is noted. What is refused is asked for again. */
  private async commitSolos(): Promise<void> {
    const input = this.input();
    const { rows, notes } = this.setup.entities.orders.takeRows((row, owner) => givenTo(row, owner, input));
    if (rows.length === 0) return;
    if ((await this.commit('unowned', input.rows, rows, [], [], notes)) === 'fenced') this.setup.on.fenced();
    else this.again = true;
  }

  private async commitReleased(moves: readonly ReleaseMove[]): Promise<void> {
    const { ledger, roster, on } = this.setup;
    const stands = ({ row, to }: ReleaseMove) => {
      const { owner, term, state } = ledger.row(row.shard);
      return owner === row.owner && term === row.term && state === 'stable' && (to === '' || roster.isAlive(to));
    };
    const input = this.input();
    const result = moves.every(stands)
      ? await this.commit('join', input.rows, handedOver(moves, input))
      : ('refused' as const);
    if (result === 'stopped' || this.stopped) return;
    if (result === 'fenced') {
      // It may have happened before the other leader came: only that one knows, and only it may end the seals (K2, K13).
      this.releases.forget();
      on.fenced();
      return;
    }
    this.releases.settled(result === 'committed');
  }

  private count(result: string): void {
    const { metrics } = this.setup;
    metrics.counter('muster_coordinator_commits_total', 'Transactions on the shard table').add(1, { result });
  }

  private now(): Millis {
    return this.setup.clock.monotonic();
  }
}
