import { expect, test } from '@jest/globals';
import { type Log, type LogFields, peerId, shardId, term, VirtualClock } from '@muster/ports';
import { emptyRow } from '../table/routing-table.js';
import { Promotions } from './promotions.js';

test('all shards that come in one turn from one owner are one line', async () => {
  const clock = new VirtualClock();
  const lines: (LogFields | undefined)[] = [];
  const log: Log = { write: (_level, _event, fields) => void lines.push(fields), with: () => log };
  const promotions = new Promotions(clock, log);
  const row = (n: number) => ({ ...emptyRow(shardId(n)), term: term(3), origin: 'promoted' as const, sure: true });
  const [a, b] = [peerId('a', '1'), peerId('b', '1')];
  for (let n = 0; n < 300; n += 1) promotions.add(row(n), a, 2);
  promotions.add(row(300), b, 7);
  await clock.advance(1);
  promotions.add(row(301), a, 1);
  await clock.advance(1);
  const common = { sure: true, origin: 'promoted' };
  expect(lines).toEqual([
    { ...common, first: 0, former: a, shards: 300, actors: 600 },
    { ...common, first: 300, former: b, shards: 1, actors: 7 },
    { ...common, first: 301, former: a, shards: 1, actors: 1 },
  ]);
});
