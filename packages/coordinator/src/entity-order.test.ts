import { expect, test } from '@jest/globals';
import { emptyRow } from '@muster/cluster';
import { peerId, type ShardId, shardId } from '@muster/ports';
import { type EntityFacts, type EntityOrder, nextStep } from './entity-order.js';

const [here, there] = [peerId('node-1', 'a'), peerId('node-2', 'a')];
const solo = shardId(1_024) as ShardId;
const order: EntityOrder = {
  id: '1.e1',
  entity: 'lobby/9',
  wish: 'move',
  to: there,
  home: shardId(88) as ShardId,
  solo,
  begun: 0,
};
const carved: EntityFacts = {
  override: { shard: solo, pinned: false },
  row: (shard) => ({ ...emptyRow(shard), owner: here }),
  isBusy: () => false,
  mayTake: () => true,
  isGone: () => false,
};

test('a target that is silent for a moment is waited for; one that is gone, or drains, is not', () => {
  expect(nextStep(order, carved)).toEqual({ type: 'hand-off', shard: solo, to: there });
  expect(nextStep(order, { ...carved, mayTake: () => false })).toEqual({ type: 'wait', why: 'no-target' });
  expect(nextStep(order, { ...carved, mayTake: () => false, isGone: () => true })).toMatchObject({
    end: 'target-gone',
  });
});
