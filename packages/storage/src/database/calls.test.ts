import { expect, test } from '@jest/globals';
import { type Clock, MemoryMetrics, type Millis, MusterError, type Timer } from '@muster/ports';
import { asStorageError, Calls } from './calls.js';

/** A clock that only this test moves. */
class HandClock implements Clock {
  private at: Millis = 0;
  private readonly timers = new Map<() => void, Millis>();

  now(): Millis {
    return this.at;
  }

  monotonic(): Millis {
    return this.at;
  }

  after(delayMs: Millis, run: () => void): Timer {
    this.timers.set(run, this.at + delayMs);
    return { cancel: () => this.timers.delete(run) };
  }

  defer(run: () => void): void {
    queueMicrotask(run);
  }

  pass(ms: Millis): void {
    this.at += ms;
    for (const [run, due] of [...this.timers]) if (due <= this.at && this.timers.delete(run)) run();
  }

  get pending(): number {
    return this.timers.size;
  }
}

function setUp(options = { callDeadlineMs: 100, callsMax: 2 }) {
  const clock = new HandClock();
  const metrics = new MemoryMetrics();
  return { clock, metrics, calls: new Calls(clock, options, metrics) };
}

function answerLater<Result>(): { readonly answer: Promise<Result>; readonly resolve: (result: Result) => void } {
  let resolve!: (result: Result) => void;
  const answer = new Promise<Result>((settle) => {
    resolve = settle;
  });
  return { answer, resolve };
}

test('a call without an answer ends at its deadline, not before, and is counted', async () => {
  const { clock, metrics, calls } = setUp();
  const call = calls.run('ping', () => answerLater<void>().answer);
  let ended = false;
  const watched = call.catch((error: unknown) => {
    ended = true;
    return error;
  });
  clock.pass(99);
  await Promise.resolve();
  expect(ended).toBe(false);
  clock.pass(1);
  expect(await watched).toMatchObject({ code: 'STORAGE_UNAVAILABLE', details: { cause: 'no answer within 100 ms' } });
  expect(metrics.value('muster_storage_calls_total', { call: 'ping', result: 'STORAGE_UNAVAILABLE' })).toBe(1);
});

test('a call that was answered leaves no timer behind', async () => {
  const { clock, metrics, calls } = setUp();
  expect(await calls.run('ping', async () => 7)).toBe(7);
  await Promise.resolve();
  expect(clock.pending).toBe(0);
  expect(metrics.value('muster_storage_calls_total', { call: 'ping', result: 'ok' })).toBe(1);
});

test('calls that hang count as under way although their callers were told: more of them are refused at once', async () => {
  const { clock, metrics, calls } = setUp();
  const slow = answerLater<string>();
  const first = calls.run('ping', () => slow.answer);
  const second = calls.run('ping', () => answerLater().answer);
  const gaveUp = Promise.allSettled([first, second]);
  clock.pass(100);
  expect((await gaveUp).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  let ran = false;
  const third = calls.run('ping', async () => {
    ran = true;
  });
  await expect(third).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    details: { cause: '2 calls are under way' },
  });
  expect(ran).toBe(false);
  expect(metrics.value('muster_storage_calls_total', { call: 'ping', result: 'full' })).toBe(1);
  slow.resolve('late');
  await slow.answer;
  await Promise.resolve();
  expect(await calls.run('ping', async () => 'room again')).toBe('room again');
});

test('closing lets calls under way end and refuses new ones', async () => {
  const { calls } = setUp();
  const slow = answerLater<string>();
  const call = calls.run('ping', () => slow.answer);
  const closed = calls.close(50);
  await expect(calls.run('ping', async () => 1)).rejects.toMatchObject({ details: { cause: 'it is closed' } });
  slow.resolve('done');
  expect(await call).toBe('done');
  await closed;
});

test('closing does not wait longer than it may', async () => {
  const { clock, calls } = setUp();
  const call = calls.run('ping', () => answerLater().answer).catch(() => undefined);
  const closed = calls.close(50);
  clock.pass(50);
  await closed;
  clock.pass(50);
  await call;
});

test("a driver's error becomes ours: retryable where the server is at fault, not where the statement or the data is", () => {
  const driver = (code: string): MusterError => asStorageError(Object.assign(new Error('text'), { code }));
  for (const code of ['08006', '53300', '57P01', '57014', '40P01', '40001', '28P01', 'ECONNREFUSED', 'ETIMEDOUT', '']) {
    expect([code, driver(code).code]).toEqual([code, 'STORAGE_UNAVAILABLE']);
  }
  for (const code of ['42P01', '42703', '22021', '23514', '0A000']) {
    expect([code, driver(code).code]).toEqual([code, 'STORAGE_MISMATCH']);
  }
  expect(driver('08006').retryable).toBe(true);
  expect(driver('42P01').retryable).toBe(false);
  const own = new MusterError('ALREADY_EXISTS', { what: 'x' });
  expect(asStorageError(own)).toBe(own);
  expect(asStorageError(new AggregateError([], ''))).toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    details: { cause: 'unknown' },
  });
});
