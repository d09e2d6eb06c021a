import { expect, test } from '@jest/globals';
import { type Log, VirtualClock } from '@muster/ports';
import { Outage } from './outage.js';

test('an outage is one line when it begins and one when it is over, and the next one is told again', async () => {
  const clock = new VirtualClock();
  const lines: unknown[] = [];
  const log: Log = { write: (level, event, fields) => void lines.push([level, event, fields]), with: () => log };
  const outage = new Outage(clock, log, 'store.away');
  outage.over();
  for (let n = 0; n < 5; n += 1) {
    outage.failed({ n });
    await clock.advance(100);
  }
  outage.over();
  outage.over();
  outage.failed({ n: 9 });
  expect(lines).toEqual([
    ['warn', 'store.away', { n: 0 }],
    ['info', 'store.away.over', { awayMs: 500, attempts: 5 }],
    ['warn', 'store.away', { n: 9 }],
  ]);
});
