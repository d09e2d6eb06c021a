// What an operator wants of one entity, step by step. Pure, and level-triggered: it compares what is with what is wanted, so whatever
// failed or was overtaken is simply the next step again.
//
//   move, pin   at home ──its solo shard: placed at its owner, and backed──► carved ──handed off where it is wanted──► done
//   unpin       in its solo shard ──handed off to its home's owner──► carved home ──► done (the solo shard is given up: solo-shards.ts)
import { mayCarve, type Override, type ShardRow } from '@muster/cluster';
import type { Millis, PeerId, ShardId } from '@muster/ports';

export type EntityWish = 'move' | 'pin' | 'unpin';

export interface EntityOrder {
  readonly id: string;
  /** `kind/id` */
  readonly entity: string;
  readonly wish: EntityWish;
  /** Empty: wherever it is. */
  readonly to: PeerId | '';
  /** Where it hashes to. */
  readonly home: ShardId;
  /** Kept for it, where it is not in one already. */
  readonly solo: ShardId;
  readonly begun: Millis;
}

export interface EntityFacts {
  readonly override: Override | undefined;
  readonly row: (shard: ShardId) => ShardRow;
  /** It is on its way, or something is on its way into or out of it. */
  readonly isBusy: (shard: ShardId) => boolean;
  readonly mayTake: (peer: PeerId) => boolean;
  /** It will not take anything any more: it is dead, or draws back by somebody's will. One that is silent for a moment is waited for. */
  readonly isGone: (peer: PeerId) => boolean;
}

export type EntityStep =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly end: 'target-gone' }
  | { readonly type: 'wait'; readonly why: 'busy' | 'no-owner' | 'no-backup' | 'no-target' }
  /** The empty solo shard gets this owner. */
  | { readonly type: 'place'; readonly shard: ShardId; readonly owner: PeerId }
  | { readonly type: 'hand-off'; readonly shard: ShardId; readonly to: PeerId }
  | { readonly type: 'carve'; readonly from: ShardId; readonly into: ShardId }
  /** It is in its solo shard already. */
  | { readonly type: 'note'; readonly override: Override };

const BUSY: EntityStep = { type: 'wait', why: 'busy' };

export function nextStep(order: EntityOrder, facts: EntityFacts): EntityStep {
  const at = facts.override?.shard ?? order.home;
  if (order.wish === 'unpin') return homeward(order, at, facts);
  return facts.override ? onward(order, facts.override, facts) : outward(order, facts);
}

function outward({ home, solo }: EntityOrder, { row, isBusy }: EntityFacts): EntityStep {
  const [from, into] = [row(home), row(solo)];
  if (isBusy(home) || isBusy(solo)) return BUSY;
  if (from.owner === '') return { type: 'wait', why: 'no-owner' };
  if (into.owner === '') return { type: 'place', shard: solo, owner: from.owner };
  if (into.owner !== from.owner) return { type: 'hand-off', shard: solo, to: from.owner };
  return mayCarve(from, into) ? { type: 'carve', from: home, into: solo } : { type: 'wait', why: 'no-backup' };
}

function onward(
  { wish, to }: EntityOrder,
  override: Override,
  { row, isBusy, mayTake, isGone }: EntityFacts,
): EntityStep {
  const { owner, shard } = row(override.shard);
  if (to !== '' && owner !== to) {
    if (isGone(to)) return { type: 'failed', end: 'target-gone' };
    if (!mayTake(to)) return { type: 'wait', why: 'no-target' };
    if (isBusy(shard)) return BUSY;
    return owner === '' ? { type: 'wait', why: 'no-owner' } : { type: 'hand-off', shard, to };
  }
  if (wish !== 'pin' || override.pinned) return { type: 'done' };
  return isBusy(shard) ? BUSY : { type: 'note', override: { ...override, pinned: true } };
}

function homeward({ home }: EntityOrder, at: ShardId, { row, isBusy }: EntityFacts): EntityStep {
  if (at === home) return { type: 'done' };
  const [from, into] = [row(at), row(home)];
  if (isBusy(at) || isBusy(home)) return BUSY;
  if (from.owner === '' || into.owner === '') return { type: 'wait', why: 'no-owner' };
  if (from.owner !== into.owner) return { type: 'hand-off', shard: at, to: into.owner };
  return mayCarve(from, into) ? { type: 'carve', from: at, into: home } : { type: 'wait', why: 'no-backup' };
}
