import { expect, test } from '@jest/globals';
import { type Log, MemoryMetrics, MusterError, VirtualClock } from '@muster/ports';
import { StoreHealth } from './store-health.js';

function judged() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const log: Log = { write: (_level, event) => void said.push(event), with: () => log };
  const on = { away: () => said.push('told away'), back: () => said.push('told back') };
  return { clock, said, health: new StoreHealth({ clock, log, metrics: new MemoryMetrics(), on }) };
}

const FULL = new MusterError('STORE_FULL', { cause: 'mvcc: database space exceeded' });

test('a store without room is there, and has not answered as far as seals are concerned (K13); it is said once, however often it refuses', async () => {
  const { clock, said, health } = judged();
  for (let tries = 0; tries < 20; tries += 1) {
    health.failed(FULL);
    await clock.advance(300);
    health.answered();
  }
  expect([health.reachable, health.full, said]).toEqual([true, true, ['store.full']]);
  expect(health.answeredAgoMs).toBeGreaterThan(200);
  health.answered('write');
  expect([health.full, health.answeredAgoMs, said]).toEqual([false, 0, ['store.full', 'store.has-room']]);
});

test('what it refused for want of room may be tried again a little later: somebody may have made some', async () => {
  const { clock, said, health } = judged();
  health.failed(FULL);
  await clock.advance(5_001);
  health.answered();
  expect([health.full, health.answeredAgoMs, said]).toEqual([false, 0, ['store.full']]);
});

test('one that went silent and comes back without room is back', () => {
  const { said, health } = judged();
  health.failed(new MusterError('STORE_UNAVAILABLE', { cause: 'connection dropped' }));
  health.failed(FULL);
  expect([health.reachable, health.full]).toEqual([true, true]);
  expect(said).toEqual(['store.away', 'told away', 'store.back', 'told back', 'store.full']);
});
