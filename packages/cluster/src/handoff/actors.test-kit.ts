import { type PeerId, type Position, shardId, type Term, term } from '@muster/ports';
import { isSameOwnership } from '../node/shard-keeper.js';
import { type FollowerState, newFollower, stepFollower } from '../replication/follower.js';
import { REPLICATION_DEFAULTS } from '../replication/options.js';
import { isGated, newOwner, type OwnerInput, type OwnerState, reportsOf, stepOwner } from '../replication/owner.js';
import type { AckMessage, AppendMessage, SnapshotMessage } from '../replication/protocol.js';
import { emptyRow, type ShardRow } from '../table/routing-table.js';
import { handoffOptions } from './options.js';
import type { HandoverMessage } from './protocol.js';
import { isDone, newSource, type SourceInput, type SourceState, stepSource } from './source.js';
import { belongsTo, newTarget, stepTarget, type TargetInput, type TargetState } from './target.js';

/** What travels in a story; its texts are what the transcript shows. */
export type Letter =
  | { readonly type: 'append'; readonly body: AppendMessage; readonly values: readonly number[] }
  | { readonly type: 'snapshot'; readonly body: SnapshotMessage; readonly values: readonly number[] }
  | { readonly type: 'ack'; readonly body: AckMessage }
  | { readonly type: 'dismissed'; readonly seeding: number }
  | { readonly type: 'handover'; readonly body: HandoverMessage }
  | {
      readonly type: 'taken';
      readonly term: Term;
      readonly move: string;
      readonly position: Position;
      readonly code: string;
    }
  | { readonly type: 'seal'; readonly term: Term; readonly move: string; readonly to: PeerId; readonly cancel: boolean }
  | {
      readonly type: 'sealed';
      readonly term: Term;
      readonly move: string;
      readonly done: boolean;
      readonly abort: boolean;
    }
  | { readonly type: 'in-sync'; readonly term: Term; readonly peer: PeerId }
  | { readonly type: 'row'; readonly row: ShardRow };

export type Post = (from: string, to: string, letter: Letter) => void;

export const options = handoffOptions();
export const SHARD = shardId(17);
export const LEADER = 'leader';

interface Owned {
  state: OwnerState;
  /** Everything that was ever decided, of former owners too. */
  readonly values: number[];
  /** How many of them came before this log's first position. */
  readonly offset: number;
  readonly continues: PeerId | '';
  readonly cursors: Map<PeerId, Position>;
  sealed: boolean;
}

/** One node, with its part of the shard: pure steps, and what a real one keeps between them. */
export class Actor {
  readonly name: PeerId;
  alive = true;
  row: ShardRow = emptyRow(SHARD);
  owned: Owned | undefined;
  source: SourceState = newSource();
  private copy: { state: FollowerState; values: number[] } = { state: newFollower(term(0)), values: [] };
  private target: TargetState = newTarget();
  private fresh = 1;
  private readonly post: Post;
  private readonly linked: (a: string, b: string) => boolean;
  private readonly now: () => number;

  constructor(name: string, post: Post, linked: (a: string, b: string) => boolean, now: () => number) {
    this.name = name as PeerId;
    this.post = post;
    this.linked = linked;
    this.now = now;
  }

  /** It takes turns: it owns the shard as far as it knows, and is not sealed. */
  get works(): boolean {
    return this.alive && this.owned !== undefined && !this.owned.sealed;
  }

  /** What has left it, or may have. */
  get out(): readonly number[] {
    const { owned } = this;
    if (!owned || owned.state.newerTerm > owned.state.term) return [];
    return owned.values.slice(0, owned.offset + owned.state.durable);
  }

  get gated(): boolean {
    return this.owned !== undefined && isGated(this.owned.state);
  }

  take(value: number): void {
    const { owned } = this;
    if (!owned) return;
    owned.values.push(value);
    this.own({ type: 'appended', end: owned.values.length - owned.offset });
    this.ship();
  }

  /** A link came or went. */
  link(peer: PeerId, type: 'up' | 'down'): void {
    this.own({ type, peer });
    if (type === 'up') this.hand({ type: 'linked', peer });
    this.ship();
  }

  tick(): void {
    if (!this.alive) return;
    this.own({ type: 'tick', silent: [], stalledMs: 0 });
    for (const { peer, phase } of this.owned?.state.followers ?? [])
      if (phase === 'joining') this.send(peer, this.owned!.cursors.get(peer) ?? this.end);
    this.checkLog();
    this.hand({ type: 'tick' });
    for (const [what, peer] of this.owned ? reportsOf(this.owned.state, this.now(), REPLICATION_DEFAULTS) : [])
      if (what === 'learner-in-sync')
        this.post(this.name, LEADER, { type: 'in-sync', term: this.owned!.state.term, peer });
  }

  hear(from: string, letter: Letter): void {
    switch (letter.type) {
      case 'row':
        this.rowCame(letter.row);
        return;
      case 'append':
      case 'snapshot':
        this.follow(letter);
        return;
      case 'dismissed': {
        const input = { type: 'dismissed', from: from as PeerId, seeding: letter.seeding } as const;
        const { state, effects } = stepFollower(this.copy.state, input);
        this.copy = { state, values: effects.length > 0 ? [] : this.copy.values };
        this.receive({ type: 'dismissed', from: from as PeerId });
        return;
      }
      case 'ack':
        this.own({ type: 'ack', from: from as PeerId, ack: letter.body });
        this.ship();
        this.checkLog();
        return;
      case 'handover': {
        const { phase, owner, seeding, position } = this.copy.state;
        const copy = { complete: phase === 'complete', owner, seeding, position };
        this.receive({ type: 'handover', message: letter.body, copy, knownTerm: this.row.term });
        return;
      }
      case 'taken':
        this.hand({ ...letter, from: from as PeerId, end: this.end });
        return;
      case 'seal': {
        const { term: of, move, to, cancel } = letter;
        const it = this.owned?.state.followers.find(({ peer }) => peer === to);
        const openIn = this.owned && !this.owned.sealed ? this.owned.state.term : undefined;
        const facts = { openIn, move: this.row.move, caughtUp: it?.caughtUp === true && it.phase === 'following' };
        this.hand(cancel ? { type: 'cancel', move } : { type: 'seal', move, to, term: of, facts });
        return;
      }
    }
  }

  private get end(): Position {
    return this.owned ? this.owned.values.length - this.owned.offset : 0;
  }

  private rowCame(row: ShardRow): void {
    if (row.term < this.row.term) return;
    const before = this.row;
    this.row = row;
    const mine = row.owner === this.name;
    // As a node does: somebody else may have owned it in between, unseen.
    if (mine && this.owned && !isSameOwnership(row, this.owned.state.term)) this.owned = undefined;
    const place = { term: row.term, backup: row.backup, learner: row.learner, linked: this.others() };
    if (!mine) {
      const holds = row.backup === this.name || row.learner === this.name;
      const step = stepFollower(this.copy.state, { type: 'row', term: row.term, holds });
      this.copy.state = step.state;
      if (step.effects.some(({ type }) => type === 'forget')) this.copy.values = [];
      this.receive({ type: 'row', row });
      this.leave(row);
    } else if (!this.owned) {
      const { state, values } = this.copy;
      const goesOn = state.phase === 'complete' && row.origin !== 'placed';
      const moved = goesOn && row.origin === 'moved';
      const kept = goesOn ? [...values] : [];
      if (moved && !belongsTo(this.target, row)) throw new Error(`${this.name} owns what it never took`);
      const end = moved ? state.position : 0;
      const continues = moved ? state.owner : '';
      const cursors = new Map<PeerId, Position>();
      this.owned = {
        state: newOwner(row.term, end),
        values: kept,
        offset: kept.length - end,
        continues,
        cursors,
        sealed: false,
      };
      this.receive({ type: 'row', row });
      this.copy = { state: newFollower(row.term), values: [] };
      this.own({ type: 'row', ...place });
    } else {
      if (row.term > before.term) this.owned.sealed = false;
      this.own({ type: 'row', ...place });
    }
    if (row.term > before.term) this.hand({ type: 'term' });
    this.ship();
  }

  /** Somebody else's now. Where it was handed over to the backup, what is here is the copy. */
  private leave(row: ShardRow): void {
    const { owned, source } = this;
    if (!owned) return;
    const handed =
      source.phase === 'sealed' && isDone(source) && row.owner === source.to && row.term === source.term + 1;
    if (handed && row.backup === this.name && this.copy.state.owner !== row.owner)
      this.copy = {
        state: { ...newFollower(row.term), phase: 'complete', owner: this.name, position: this.end },
        values: [...owned.values],
      };
    this.owned = undefined;
  }

  private own(input: OwnerInput): void {
    const { owned } = this;
    if (!owned) return;
    const { state, effects } = stepOwner(owned.state, input, this.now(), REPLICATION_DEFAULTS, this.fresh);
    owned.state = state;
    for (const effect of effects) {
      if (effect.type === 'stop') {
        owned.cursors.delete(effect.peer);
        this.post(this.name, effect.peer, { type: 'dismissed', seeding: effect.seeding });
      } else if (effect.type === 'ship') {
        owned.cursors.set(effect.peer, Math.max(effect.after, 0));
        this.send(effect.peer, owned.cursors.get(effect.peer)!);
      } else {
        this.fresh = effect.seeding + 1;
        owned.cursors.set(effect.peer, this.end);
        const body = {
          from: this.name,
          term: state.term,
          seeding: effect.seeding,
          first: true,
          last: true,
          position: this.end,
        };
        this.post(this.name, effect.peer, { type: 'snapshot', body, values: [...owned.values] });
      }
    }
  }

  private ship(): void {
    for (const { peer, phase } of this.owned?.state.followers ?? []) {
      const cursor = this.owned!.cursors.get(peer);
      if (phase !== 'waiting' && cursor !== undefined && cursor < this.end) this.send(peer, cursor);
    }
  }

  private send(to: PeerId, after: Position): void {
    const { owned } = this;
    const follower = owned?.state.followers.find(({ peer }) => peer === to);
    if (!owned || !follower) return;
    const from = follower.phase === 'joining' && owned.continues !== '' ? Math.max(after, this.startOf(owned)) : after;
    owned.cursors.set(to, this.end);
    const continues = follower.phase === 'joining' ? owned.continues : '';
    const body = {
      from: this.name,
      term: owned.state.term,
      seeding: follower.seeding,
      first: from + 1,
      end: this.end,
      continues,
    };
    this.post(this.name, to, { type: 'append', body, values: owned.values.slice(owned.offset + from) });
  }

  /** Where this owner's own records begin: nothing before it is kept for others. */
  private startOf({ state }: Owned): Position {
    return state.durable;
  }

  private follow(letter: Extract<Letter, { type: 'append' | 'snapshot' }>): void {
    const step =
      letter.type === 'append'
        ? stepFollower(this.copy.state, { type: 'append', ...letter.body })
        : stepFollower(this.copy.state, { type: 'snapshot', ...letter.body });
    this.copy.state = step.state;
    for (const effect of step.effects) {
      if (effect.type === 'forget') this.copy.values = [];
      else if (effect.type === 'actors') this.copy.values = [...letter.values];
      else if (effect.type === 'records') this.copy.values.push(...letter.values.slice(effect.skip));
      else if (effect.type === 'ack') this.post(this.name, effect.to, { type: 'ack', body: effect.ack });
    }
  }

  private checkLog(): void {
    const { owned, source } = this;
    if (!owned || source.phase !== 'sealed') return;
    const needed = owned.state.followers.filter(({ role, peer }) => role === 'backup' || peer === source.to);
    const whole = needed.every(({ phase, acked }) => phase === 'following' && acked >= this.end);
    this.hand({ type: 'log', acknowledged: needed.length > 0 && whole });
  }

  private hand(input: SourceInput): void {
    const { state, effects } = stepSource(this.source, input, this.now(), options);
    this.source = state;
    for (const effect of effects) {
      if (effect.type === 'seal') this.owned!.sealed = true;
      else if (effect.type === 'reopen') {
        if (this.owned?.state.term === effect.term) this.owned.sealed = false;
      } else if (effect.type === 'say') {
        const { move, done, abort } = effect;
        this.post(this.name, LEADER, { type: 'sealed', term: this.row.term, move, done, abort });
      } else {
        const { seeding } = this.owned!.state.followers.find(({ peer }) => peer === effect.to) ?? { seeding: 0 };
        const body = {
          from: this.name,
          term: this.row.term,
          move: effect.move,
          seeding,
          position: this.end,
          first: true,
          last: true,
        };
        this.post(this.name, effect.to, { type: 'handover', body });
        this.hand({ type: 'handed' });
        this.checkLog();
      }
    }
  }

  private receive(input: TargetInput): void {
    const { state, effects } = stepTarget(this.target, input);
    this.target = state;
    for (const effect of effects) {
      if (effect.type !== 'taken' || input.type !== 'handover') continue;
      const { to, ...body } = effect;
      this.post(this.name, to, { ...body, term: input.message.term });
    }
  }

  private others(): PeerId[] {
    return ['a', 'b', 'c', 'd', 'e'].filter((other) => this.linked(this.name, other)) as PeerId[];
  }
}
