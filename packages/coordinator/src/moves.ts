import {
  type HandoffOptions,
  type Move,
  type MoveEffect,
  type MoveEnd,
  type MoveInput,
  mayCancel,
  mayMove,
  type PeerInfo,
  type Peers,
  type ShardRow,
  stands,
  startMove,
  stepMove,
} from '@muster/cluster';
import type { Clock, Log, Metrics, Millis, PeerId, ShardId } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { AtLarge } from './at-large.js';
import type { HeardLoads } from './heard-loads.js';
import type { Ledger } from './ledger.js';
import type { Roster } from './roster.js';
import type { StoreHealth } from './store-health.js';

/** Moves that are remembered for operators after their end. */
export const ENDED_MAX = 64;

/** Why a shard that is in use changes its owner. */
export type MoveWhy = 'asked' | 'drain' | 'balance';

export interface MovesSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly ledger: Ledger;
  readonly loads: HeardLoads;
  readonly health: StoreHealth;
  readonly epoch: number;
  readonly options: HandoffOptions;
  /** Moves that a node may be source or target of at one time. */
  readonly perNodeMax: number;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly roster: Pick<Roster, 'all'>;
  readonly on: {
    /** Something has to be written: `takeWrites` gives it, `settled` takes what became of it. */
    write(): void;
    over(move: Move, why: MoveWhy, end: MoveEnd): void;
  };
}

type Write = Extract<MoveEffect, { type: 'write' }>;

interface Active {
  state: Move;
  readonly why: MoveWhy;
  readonly begun: Millis;
}

/**
 * Shards in use on their way to another owner: the leader's part of every move that it began (cluster's handoff/leader.ts), with a clock,
 * a ledger and links. It keeps nothing across leaders: whoever comes next clears what it finds in the table (K13).
 */
export class Moves {
  /** Former owners that may still act. */
  readonly atLarge: AtLarge;
  private readonly setup: MovesSetup;
  private readonly moves = new Map<ShardId, Active>();
  private readonly writes = new Map<ShardId, Write>();
  private started = 0;

  constructor(setup: MovesSetup) {
    this.setup = setup;
    this.atLarge = new AtLarge(setup.roster, setup.loads, setup.epoch);
  }

  get size(): number {
    return this.moves.size;
  }

  all(): readonly Readonly<Active>[] {
    return [...this.moves.values()];
  }

  has(shard: ShardId): boolean {
    return this.moves.has(shard);
  }

  /** Whether this leader leads the move of this id, so that its row is in order. */
  knows(move: string): boolean {
    for (const { state } of this.moves.values()) if (state.id === move) return true;
    return false;
  }

  /** Room for another move from here to there. */
  hasRoom(from: PeerId, to: PeerId): boolean {
    return this.busyWith(from) < this.setup.perNodeMax && this.busyWith(to) < this.setup.perNodeMax;
  }

  /** @returns the move's id; undefined where the row does not allow for one */
  begin(row: ShardRow, to: PeerId, why: MoveWhy): string | undefined {
    if (this.moves.has(row.shard) || !mayMove(row, to)) return undefined;
    // Who gets the shard would not wait for them.
    if (row.atLarge && this.atLarge.isAny()) return undefined;
    this.started += 1;
    const id = `${this.setup.epoch}.m${this.started}`;
    const { state, effects } = startMove(id, row, to, this.now());
    this.moves.set(row.shard, { state, why, begun: this.now() });
    this.count('begun', why);
    this.perform(row.shard, effects);
    return id;
  }

  abort(shard: ShardId): void {
    this.input(shard, { type: 'abort' });
  }

  /** Every change of the table, by whomever. */
  rowsChanged(rows: readonly ShardRow[]): void {
    this.atLarge.rowsChanged(rows, this.setup.ledger.revision);
    if (this.moves.size === 0) return;
    for (const row of rows) if (this.moves.has(row.shard)) this.input(row.shard, { type: 'row', row });
  }

  /** Dead or given up. */
  died(peer: PeerId): void {
    for (const shard of [...this.moves.keys()]) this.input(shard, { type: 'died', peer });
  }

  /** A beat of this member has come. */
  heard(from: PeerId): void {
    for (const [shard, { state }] of [...this.moves]) {
      if (state.from !== from) continue;
      const { loads, ledger } = this.setup;
      const changedAt = ledger.changedAt(shard);
      if (loads.isReported(state.row, 'learner-in-sync', state.to, changedAt))
        this.input(shard, { type: 'in-sync', from, term: state.term, peer: state.to });
      else if (loads.isReported(state.row, 'backup-lost', state.to, changedAt))
        this.input(shard, { type: 'died', peer: state.to });
    }
  }

  sealed(from: PeerInfo, { shard: number, term, body }: EnvelopeOf<'sealed'>): void {
    const shard = number as ShardId;
    const { move, done, abort } = body;
    if (this.moves.get(shard)?.state.id === move) {
      this.input(shard, { type: 'sealed', from: from.peer, term, move, done, abort });
      return;
    }
    // Sealed for a leader before us, or for a move that is over.
    const row = this.setup.ledger.row(shard);
    if (row && mayCancel(row, from.peer, term, move)) this.say(from.peer, shard, term, { move, to: '', cancel: true });
  }

  tick(): void {
    for (const shard of [...this.moves.keys()]) this.input(shard, { type: 'tick' });
  }

  /** What has to be written now, in one transaction. What does not stand any more is settled at once. */
  takeWrites(): readonly Write[] {
    const writes = [...this.writes.values()];
    this.writes.clear();
    const standing = writes.filter((write) => stands(write, this.setup.ledger.row(write.before.shard)));
    for (const write of writes) if (!standing.includes(write)) this.settled([write], false);
    return standing;
  }

  /** Known for sure: it happened, or it did not and never will. */
  settled(writes: readonly Write[], committed: boolean): void {
    for (const { before } of writes) this.input(before.shard, { type: 'settled', committed });
  }

  private busyWith(peer: PeerId): number {
    let count = 0;
    for (const { state } of this.moves.values()) if (state.from === peer || state.to === peer) count += 1;
    return count;
  }

  private input(shard: ShardId, input: MoveInput): void {
    const active = this.moves.get(shard);
    if (!active) return;
    const { health, options } = this.setup;
    const { state, effects } = stepMove(active.state, input, this.now(), health.answeredAgoMs, options);
    active.state = state;
    this.perform(shard, effects);
  }

  private perform(shard: ShardId, effects: readonly MoveEffect[]): void {
    for (const effect of effects) {
      const { state } = this.moves.get(shard)!;
      const { id, from, to, term } = state;
      if (effect.type === 'write') {
        this.writes.set(shard, effect);
        this.setup.on.write();
      } else if (effect.type === 'seal') this.say(from, shard, term, { move: id, to, cancel: false });
      else if (effect.type === 'cancel') this.say(from, shard, term, { move: id, to, cancel: true });
      else if (effect.type === 'ask-store') void this.setup.ledger.ask();
      else this.over(shard, effect.end);
    }
  }

  private over(shard: ShardId, end: MoveEnd): void {
    const { state, why } = this.moves.get(shard)!;
    this.moves.delete(shard);
    this.count(end, why);
    const { log, on, epoch } = this.setup;
    const { id: move, from, to, term } = state;
    log.write(end === 'moved' ? 'debug' : 'info', 'move.over', { epoch, move, shard, from, to, term, why, end });
    on.over(state, why, end);
  }

  private say(to: PeerId, shard: ShardId, term: number, body: { move: string; to: string; cancel: boolean }): void {
    const { peers, epoch } = this.setup;
    peers.send(to, 'control', { type: 'seal', shard, term, epoch, body });
  }

  private count(end: string, why: MoveWhy): void {
    const { metrics } = this.setup;
    metrics.counter('muster_coordinator_moves_total', 'Moves of shards in use, begun and ended').add(1, { end, why });
  }

  private now(): number {
    return this.setup.clock.monotonic();
  }
}
