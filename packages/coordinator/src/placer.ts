import {
  type PeerInfo,
  type Peers,
  type ReleaseEffect,
  type ReleaseMove,
  type ReleaseRound,
  type ReleaseStep,
  type ShardRow,
  startRelease,
  stepRelease,
} from '@muster/cluster';
import type { Clock, Compare, Log, Metrics, Millis, PeerId, Term } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { HeardLoads } from './heard-loads.js';
import type { CommitResult, Ledger } from './ledger.js';
import type { CoordinatorOptions } from './options.js';
import {
  applied,
  arrange,
  balance,
  handedOver,
  isWaiting,
  namedIn,
  needsOwner,
  type PlacementInput,
} from './placement.js';
import type { Roster } from './roster.js';
import type { CoordinatorRules } from './rules.js';
import { levelled } from './second-places.js';
import type { StoreHealth } from './store-health.js';
import { type TableChanges, tableChanges } from './table-changes.js';

export type PlacedWhy = 'cold-start' | 'dead' | 'unowned' | 'join';

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
  readonly loads: HeardLoads;
  readonly health: StoreHealth;
  readonly epoch: number;
  readonly floorTerm: Term;
  /** K4: the table that was found is older than what storage remembers. */
  readonly outdated: boolean;
  readonly options: CoordinatorOptions;
  readonly rules?: Partial<CoordinatorRules>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: {
    /** Committed. `why`: of those that were placed. */
    changed(why: PlacedWhy, changes: TableChanges): void;
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
  private firstTargetAt: Millis | undefined;
  private balancedAt: Millis;
  private retryAt: Millis = Number.NEGATIVE_INFINITY;
  /** The last transaction did not happen: what it would have changed still has to be. */
  private unfinished = false;
  private round: ReleaseRound | undefined;
  private rounds = 0;
  private toCommit: readonly ReleaseMove[] | undefined;
  private toLevel = false;

  constructor(setup: PlacerSetup) {
    this.setup = setup;
    this.balancedAt = setup.clock.monotonic();
  }

  stop(): void {
    this.stopped = true;
  }

  /** Shards that their owners were asked for and that have not settled. */
  get moving(): number {
    return this.round ? this.round.asked.size + this.round.released.size : 0;
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

  died(peer: PeerId, line: Compare | undefined): void {
    // Those of nodes that owned nothing pile up until something is placed; a transaction takes only so many compares.
    if (line)
      this.deadLines = [...this.deadLines.filter((it) => it.line.key !== line.key), { peer, line }].slice(
        -DEAD_LINES_MAX,
      );
    if (this.round) this.release(stepRelease(this.round, { type: 'died', peer }, this.now()));
    this.request();
  }

  tick(): void {
    if (this.stopped) return;
    const now = this.now();
    if (this.round) this.release(stepRelease(this.round, { type: 'tick' }, now));
    if (now >= this.retryAt && (this.unfinished || this.homeless() > 0)) this.request();
    if (!this.round && !this.running && now - this.balancedAt >= this.setup.options.balanceEveryMs) this.balance(now);
  }

  released(from: PeerInfo, { shard, term, body }: EnvelopeOf<'released'>): void {
    const { move, done } = body;
    if (this.round?.move === move) {
      const input = { type: 'released', from: from.peer, shard, term, move, done } as const;
      this.release(stepRelease(this.round, { ...input, shard: input.shard as ShardRow['shard'] }, this.now()));
      return;
    }
    // Sealed for a leader before us, or for a round that is over: nobody will commit it, so the owner may go on.
    const row = this.setup.ledger.row(shard as ShardRow['shard']);
    if (done && row?.owner === from.peer && row.term === term) this.send(row, move, true);
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
    const moves = this.toCommit;
    this.toCommit = undefined;
    if (moves && !this.stopped) await this.commitReleased(moves);
    if (this.toLevel && !this.stopped) await this.level();
    this.toLevel = false;
  }

  /** Owners, backups and learners as they should be, in one transaction; the lines of the dead go with it. */
  private async arrange(): Promise<void> {
    const { on, clock, options } = this.setup;
    const input = this.input();
    const cold = !input.rows.some((row) => row.owner !== '' && !needsOwner(row, input));
    if (cold && !this.isWarm(input.targets)) return;
    const changes = arrange(input);
    const named = namedIn(applied(input.rows, changes));
    const lines = this.deadLines.flatMap(({ peer, line }) => (named.has(peer) ? [] : [line]));
    this.unfinished = false;
    if (changes.length === 0 && lines.length === 0) return;
    const unowned = changes.every((row) => input.rows[row.shard]!.owner === '');
    const result = await this.commit(cold ? 'cold-start' : unowned ? 'unowned' : 'dead', input.rows, changes, lines);
    if (result === 'committed') this.deadLines = this.deadLines.filter(({ line }) => !lines.includes(line));
    else if (result === 'fenced') on.fenced();
    else if (result === 'refused' && lines.length > 0) {
      // A line that is not as it was: its process is back under a new name. That may not hold up its old shards.
      this.deadLines = this.deadLines.filter(({ line }) => !lines.includes(line));
      this.again = true;
    } else {
      this.unfinished = true;
      this.retryAt = clock.monotonic() + options.retryMs;
    }
  }

  private async commit(
    why: PlacedWhy,
    before: readonly ShardRow[],
    changes: readonly ShardRow[],
    lines: readonly Compare[] = [],
  ): Promise<CommitResult> {
    const result = await this.setup.ledger.commit(changes, lines);
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
    const { ledger, roster, loads, floorTerm, outdated } = this.setup;
    return {
      rows: ledger.rows(),
      targets: roster.targets(),
      isAlive: (peer) => roster.isAlive(peer),
      isGivenUp: (peer) => roster.isGivenUp(peer),
      isWell: (peer) => roster.isWell(peer),
      isProvenDead: (peer) => roster.isProvenDead(peer),
      isSurelyDead: (peer) => roster.isSurelyDead(peer),
      zoneOf: (peer) => roster.zoneOf(peer),
      isReported: (row, what, peer) => loads.isReported(row, what, peer),
      ...this.setup.rules,
      floorTerm,
      outdated,
    };
  }

  private balance(now: Millis): void {
    const { ledger, roster, loads, options, epoch, health } = this.setup;
    this.balancedAt = now;
    const targets = roster.targets();
    const storeIsNear = health.reachable && health.answeredAgoMs <= options.sealWithinMs;
    if (!storeIsNear || targets.length < 2 || this.homeless() > 0) return;
    const isEmpty = (row: ShardRow) => row.owner !== '' && loads.isOccupied(row.owner, row.shard) === false;
    const moves = balance({ rows: ledger.rows(), targets, isEmpty, max: options.releasesMax });
    if (moves.length === 0) {
      this.toLevel = true;
      this.request();
      return;
    }
    this.rounds += 1;
    this.release(startRelease(`${epoch}.${this.rounds}`, moves, now + options.releaseMs));
  }

  /** One batch of copies at a time: what is being copied already comes first. */
  private async level(): Promise<void> {
    const input = this.input();
    if (input.rows.some((row) => row.learner !== '' || (row.owner !== '' && row.backup === ''))) return;
    const changes = levelled(input.rows, input, this.setup.options.copiesMax);
    if (changes.length === 0) return;
    if ((await this.commit('join', input.rows, changes)) === 'fenced') this.setup.on.fenced();
  }

  private release({ state, effects }: ReleaseStep): void {
    this.round = state.phase === 'over' ? undefined : state;
    for (const effect of effects) this.perform(state, effect);
    // The next round follows at once: a joiner should not wait for its share.
    if (state.phase === 'over') this.balancedAt = Number.NEGATIVE_INFINITY;
  }

  private perform(round: ReleaseRound, effect: ReleaseEffect): void {
    if (effect.type === 'commit') {
      this.toCommit = effect.moves;
      this.request();
      return;
    }
    this.send(effect.move.row, round.move, effect.type === 'cancel');
  }

  private send({ owner, shard, term }: ShardRow, move: string, cancel: boolean): void {
    const { peers, epoch } = this.setup;
    if (owner !== '') peers.send(owner, 'control', { type: 'release', shard, term, epoch, body: { move, cancel } });
  }

  private async commitReleased(moves: readonly ReleaseMove[]): Promise<void> {
    const { ledger, roster, on } = this.setup;
    const stands = ({ row, to }: ReleaseMove) => {
      const { owner, term } = ledger.row(row.shard);
      return owner === row.owner && term === row.term && roster.isAlive(to);
    };
    const input = this.input();
    const result = moves.every(stands)
      ? await this.commit('join', input.rows, handedOver(moves, input))
      : ('refused' as const);
    if (result === 'stopped' || this.stopped) return;
    if (result === 'fenced') {
      // It may have happened before the other leader came: only that one knows, and only it may end the seals (K2, K13).
      this.round = undefined;
      on.fenced();
      return;
    }
    if (this.round)
      this.release(stepRelease(this.round, { type: 'settled', committed: result === 'committed' }, this.now()));
  }

  private count(result: string): void {
    const { metrics } = this.setup;
    metrics.counter('muster_coordinator_commits_total', 'Transactions on the shard table').add(1, { result });
  }

  private now(): Millis {
    return this.setup.clock.monotonic();
  }
}
