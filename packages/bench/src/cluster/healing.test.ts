import { expect, test } from '@jest/globals';
import type { StatusDocument } from '@muster/coordinator';
import { isWhole } from './healing.js';

const whole: StatusDocument = {
  cluster: 'dev',
  healthy: true,
  problems: [],
  epoch: 1,
  leader: 'coordinator-a#1',
  vice: 'coordinator-b#1',
  since: '',
  store: { reachable: true, answeredAgoMs: 1 },
  nodes: { up: 3, total: 3 },
  gateways: { up: 2, total: 2 },
  shards: { total: 1_024, owned: 1_024, unowned: 0, moving: 0, backed: 1_024, learning: 0 },
  sessions: 0,
  actors: 0,
  headroom: { level: 'open', used: 0, target: 0.5, admitPerSecond: 0 },
  revision: 1,
};

test('nothing is struck before the cluster would survive it', () => {
  expect(isWhole(whole)).toBe(true);
  expect(isWhole({ ...whole, healthy: false })).toBe(false);
  expect(isWhole({ ...whole, vice: '' })).toBe(false);
  expect(isWhole({ ...whole, nodes: { up: 2, total: 3 } })).toBe(false);
  expect(isWhole({ ...whole, shards: { ...whole.shards, backed: 1_023 } })).toBe(false);
  expect(isWhole({ ...whole, shards: { ...whole.shards, learning: 1 } })).toBe(true);
});
