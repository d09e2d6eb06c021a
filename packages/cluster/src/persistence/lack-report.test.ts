import { expect, test } from '@jest/globals';
import { type Log, type LogFields, shardId, term, VirtualClock } from '@muster/ports';
import { LackReport } from './lack-report.js';

test('a thousand shards that may lack something are one line, with how many and the first of them; the next second has its own', async () => {
  const clock = new VirtualClock();
  const lines: LogFields[] = [];
  const log: Log = { write: (_, __, fields = {}) => void lines.push(fields), with: () => log };
  const report = new LackReport(clock, log);
  const lack = (shard: number) => ({ shard: shardId(shard), term: term(3), stored: 7, formerTerm: 2 });
  for (let shard = 0; shard < 1_000; shard += 1) report.add(lack(shard));
  await clock.advance(1_000);
  report.add(lack(1_001));
  await clock.advance(5_000);
  expect(lines).toEqual([
    { shards: 1_000, first: [0, 1, 2, 3, 4, 5, 6, 7].map(lack) },
    { shards: 1, first: [lack(1_001)] },
  ]);
});
