import { expect, test } from '@jest/globals';
import { type Clock, type MusterError, SeededRandom, VirtualClock } from '@muster/ports';
import { KeepAlive, type Watched } from './keep-alive.js';
import { gatewayOptions } from './options.js';

/** A process that may stand still: its timers are late, and time goes on. */
function stallingWorld() {
  const clock = new VirtualClock();
  let stalledMs = 0;
  const stalling: Clock = {
    now: () => clock.now() + stalledMs,
    monotonic: () => clock.monotonic() + stalledMs,
    after: (ms, run) => clock.after(ms, run),
    defer: (run) => clock.defer(run),
  };
  const keepAlive = new KeepAlive(stalling, new SeededRandom(1), gatewayOptions(), () => undefined);
  const client = (answers: boolean) => {
    const watched = {
      heardAt: stalling.monotonic(),
      ended: undefined as MusterError | undefined,
      ping: () => {
        if (answers) clock.after(50, () => Object.assign(watched, { heardAt: stalling.monotonic() }));
      },
      end: (error: MusterError) => {
        watched.ended = error;
        keepAlive.remove(watched);
      },
    };
    keepAlive.add(watched satisfies Watched);
    return watched;
  };
  const stall = (ms: number): void => {
    stalledMs += ms;
  };
  return { clock, client, stall };
}

test('a process that stood still does not take its own deafness for silence of its clients', async () => {
  const { clock, client, stall } = stallingWorld();
  const clients = Array.from({ length: 50 }, () => client(true));
  await clock.advance(30_000);
  stall(60_000);
  await clock.advance(60_000);
  expect(clients.filter(({ ended }) => ended)).toEqual([]);
});

test('who was silent all the time is gone soon after', async () => {
  const { clock, client, stall } = stallingWorld();
  const silent = client(false);
  await clock.advance(5_000);
  stall(60_000);
  await clock.advance(14_000);
  expect(silent.ended).toBeUndefined();
  await clock.advance(2_000);
  expect(silent.ended?.code).toBe('IDLE');
});

test('a stand-still excuses nobody for ever', async () => {
  const { clock, client, stall } = stallingWorld();
  stall(60_000);
  await clock.advance(21_000);
  const silent = client(false);
  await clock.advance(20_500);
  expect(silent.ended?.code).toBe('IDLE');
});
