import type { Clock, Log, Millis, PeerId, ShardId, Term } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { ShardRow } from '../table/routing-table.js';
import {
  type Move,
  type MoveEffect,
  type MoveEnd,
  type MoveInput,
  type MoveStep,
  stands,
  startMove,
  stepMove,
} from './leader.js';
import type { HandoffOptions } from './options.js';
import { mayCancel, mayMove } from './rows.js';

export interface MovesSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly epoch: number;
  readonly options: HandoffOptions;
  /** As the store has it, as far as this leader knows. */
  readonly row: (shard: ShardId) => ShardRow;
  /** Since the store last answered anything. */
  readonly storeAgoMs: () => Millis;
  /** Ask the store anything, so that this is known better. */
  readonly askStore: () => void;
  /** There is something to be written: see {@link Moves.writes}. */
  readonly toWrite: () => void;
  /** Nothing more will come of this move. */
  readonly over: (move: Move, end: MoveEnd, ms: Millis) => void;
  readonly log: Log;
}

/** A row that a move needs written: all of one transaction or each by itself, as its writer likes. */
export interface MoveWrite {
  readonly id: string;
  readonly what: 'mark' | 'commit' | 'clear';
  readonly row: ShardRow;
}

type Write = Extract<MoveEffect, { type: 'write' }>;

interface Led {
  move: Move;
  readonly begunAt: Millis;
  /** Waits for a transaction. */
  write: Write | undefined;
}

/** The moves of one leader, as the coordinator leads them: what tests of the nodes' parts need of it. */
export class Moves {
  private readonly setup: MovesSetup;
  private readonly led = new Map<string, Led>();
  private count = 0;

  constructor(setup: MovesSetup) {
    this.setup = setup;
  }

  get size(): number {
    return this.led.size;
  }

  /** For operators, and for whoever decides what may be moved next. */
  all(): readonly Move[] {
    return [...this.led.values()].map(({ move }) => move);
  }

  /** Begins to move the row's shard, and returns the id of the move; undefined where it cannot be moved there now. */
  start(row: ShardRow, to: PeerId): string | undefined {
    if (!mayMove(row, to) || this.of(row.shard)) return undefined;
    this.count += 1;
    const { epoch, log } = this.setup;
    const id = `${epoch}.m${this.count}`;
    log.write('info', 'handoff.started', { epoch, move: id, shard: row.shard, from: row.owner, to });
    const now = this.now();
    const { state, effects } = startMove(id, row, to, now);
    this.led.set(id, { move: state, begunAt: now, write: undefined });
    this.show(id, { state, effects });
    return id;
  }

  /** The move of this shard, if any. */
  of(shard: ShardId): Move | undefined {
    for (const { move } of this.led.values()) if (move.row.shard === shard) return move;
    return undefined;
  }

  /** An operator's wish, or its reason is gone: the source goes on. */
  abort(id: string): void {
    this.input(id, { type: 'abort' });
  }

  /** Rows as they are in the store now: before {@link settled} of the transaction that changed them. */
  rowsChanged(rows: readonly ShardRow[]): void {
    if (this.led.size === 0) return;
    for (const row of rows) {
      const move = this.of(row.shard);
      if (move) this.input(move.id, { type: 'row', row });
    }
  }

  /** What an owner reports with its beats. */
  reported(from: PeerId, reports: readonly { shard: number; term: number; what: string; peer: string }[]): void {
    if (this.led.size === 0) return;
    for (const { shard, term, what, peer } of reports) {
      const move = what === 'learner-in-sync' ? this.of(shard as ShardId) : undefined;
      if (move) this.input(move.id, { type: 'in-sync', from, term, peer: peer as PeerId });
    }
  }

  /** What a source says. One that is sealed for a move that nobody leads is told to go on, where the store has no such move any more. */
  sealed({ peer, role }: PeerInfo, { shard: number, term, body }: EnvelopeOf<'sealed'>): void {
    if (role !== 'node') return;
    const { move, done, abort } = body;
    if (this.led.has(move)) {
      this.input(move, { type: 'sealed', from: peer, term, move, done, abort });
      return;
    }
    const shard = number as ShardId;
    if (!mayCancel(this.setup.row(shard), peer, term, move)) return;
    this.send(peer, shard, term, move, peer, true);
  }

  /** Dead, or given up. */
  died(peer: PeerId): void {
    for (const id of [...this.led.keys()]) this.input(id, { type: 'died', peer });
  }

  tick(): void {
    for (const id of [...this.led.keys()]) this.input(id, { type: 'tick' });
  }

  /** What waits to be written. What cannot be written any more, as its row is another now, is settled here. */
  writes(): readonly MoveWrite[] {
    const waiting: MoveWrite[] = [];
    for (const [id, { write }] of [...this.led]) {
      if (!write) continue;
      const { what, row } = write;
      if (stands(write, this.setup.row(row.shard))) waiting.push({ id, what, row });
      else this.settled([id], false);
    }
    return waiting;
  }

  /** What became of their writes, known for sure (K2). */
  settled(ids: readonly string[], committed: boolean): void {
    for (const id of ids) {
      const led = this.led.get(id);
      if (!led?.write) continue;
      led.write = undefined;
      this.input(id, { type: 'settled', committed });
    }
  }

  private input(id: string, input: MoveInput): void {
    const led = this.led.get(id);
    if (led) this.show(id, stepMove(led.move, input, this.now(), this.setup.storeAgoMs(), this.setup.options));
  }

  private show(id: string, { state, effects }: MoveStep): void {
    const led = this.led.get(id)!;
    led.move = state;
    for (const effect of effects) this.perform(led, effect);
  }

  private perform(led: Led, effect: MoveEffect): void {
    const { id, row, from, to, term } = led.move;
    switch (effect.type) {
      case 'write':
        led.write = effect;
        this.setup.toWrite();
        return;
      case 'seal':
        this.send(from, row.shard, term, id, to, false);
        return;
      case 'cancel':
        this.send(from, row.shard, term, id, to, true);
        return;
      case 'ask-store':
        this.setup.askStore();
        return;
      case 'over':
        this.over(led, effect.end);
    }
  }

  private over({ move, begunAt }: Led, end: MoveEnd): void {
    const { log, epoch, over } = this.setup;
    const { id, from, to, row } = move;
    const ms = this.now() - begunAt;
    this.led.delete(id);
    log.write(end === 'moved' ? 'info' : 'warn', 'handoff.over', {
      epoch,
      move: id,
      shard: row.shard,
      from,
      to,
      end,
      ms: Math.round(ms),
    });
    over(move, end, ms);
  }

  private send(owner: PeerId, shard: ShardId, term: Term | number, move: string, to: PeerId, cancel: boolean): void {
    const { peers, epoch } = this.setup;
    peers.send(owner, 'control', { type: 'seal', shard, term, epoch, body: { move, to, cancel } });
  }

  private now(): Millis {
    return this.setup.clock.monotonic();
  }
}
