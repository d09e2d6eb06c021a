// One contract for every form of LocalScheduler. Each test of it names the trap of nact that it keeps us out of.
import { afterEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@muster/ports';
import { InlineScheduler } from './inline-scheduler.js';
import { NactScheduler } from './nact-scheduler.js';
import type { DrainResult, LocalScheduler } from './scheduler.js';

interface Form {
  readonly scheduler: LocalScheduler;
  readonly failures: string[];
  /** Lets everything run that can run without new wakes. */
  settle(): Promise<void>;
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const forms: readonly [string, () => Form][] = [
  [
    'NactScheduler',
    () => {
      const failures: string[] = [];
      const settle = async (): Promise<void> => {
        for (let turn = 0; turn < 20; turn += 1) await turnOfTheLoop();
      };
      return { scheduler: new NactScheduler((name) => failures.push(name)), failures, settle };
    },
  ],
  [
    'InlineScheduler',
    () => {
      const failures: string[] = [];
      const clock = new VirtualClock();
      const scheduler = new InlineScheduler(clock, (name) => failures.push(name));
      return { scheduler, failures, settle: () => clock.advance(0) };
    },
  ],
];

/** A drain that runs until told to end. */
function gate(): {
  readonly open: () => void;
  readonly fail: (error: Error) => void;
  readonly passed: Promise<DrainResult>;
} {
  let open = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  const passed = new Promise<DrainResult>((resolve, reject) => {
    open = () => resolve('idle');
    fail = reject;
  });
  return { open, fail, passed };
}

describe.each(forms)('%s', (_name, make) => {
  let form: Form;
  const start = (): Form => {
    form = make();
    return form;
  };
  afterEach(async () => {
    const ended = form.scheduler.shutdown();
    await form.settle();
    await ended;
  });

  test('a wake runs the drain once, later, never inside the wake', async () => {
    const { scheduler, settle } = start();
    let drains = 0;
    const worker = scheduler.spawn('g', 'a', { drain: () => (++drains > 0 ? 'idle' : 'more') });
    await settle();
    expect(drains).toBe(0);
    scheduler.wake(worker);
    expect(drains).toBe(0);
    await settle();
    expect(drains).toBe(1);
  });

  test('any number of wakes is one drain, so nothing piles up without bound (nact: one setImmediate per message, no mailbox bound)', async () => {
    const { scheduler, settle } = start();
    let drains = 0;
    const worker = scheduler.spawn('g', 'a', { drain: () => (++drains > 0 ? 'idle' : 'more') });
    for (let i = 0; i < 1_000; i += 1) scheduler.wake(worker);
    await settle();
    expect(drains).toBe(1);
  });

  test('a wake during a drain is not lost', async () => {
    const { scheduler, settle } = start();
    let drains = 0;
    const worker = scheduler.spawn('g', 'a', {
      drain: () => {
        drains += 1;
        if (drains === 1) scheduler.wake(worker);
        return 'idle';
      },
    });
    scheduler.wake(worker);
    await settle();
    expect(drains).toBe(2);
  });

  test('a drain that asks for more gives way to others first', async () => {
    const { scheduler, settle } = start();
    const order: string[] = [];
    const work = (name: string): { drain: () => DrainResult } => ({
      drain: () => {
        order.push(name);
        return order.filter((other) => other === name).length < 3 ? 'more' : 'idle';
      },
    });
    for (const name of ['a', 'b']) scheduler.wake(scheduler.spawn('g', name, work(name)));
    await settle();
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('a drain that takes its time holds up nobody else, and a wake meanwhile is one more drain when it has ended', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    const order: string[] = [];
    const drained = (name: string, result: DrainResult | Promise<DrainResult>) => ({
      drain: () => {
        order.push(name);
        return result;
      },
    });
    const slow = scheduler.spawn('g', 'slow', drained('slow', passed));
    const quick = scheduler.spawn('g', 'quick', drained('quick', 'idle'));
    scheduler.wake(slow);
    scheduler.wake(quick);
    await settle();
    scheduler.wake(slow);
    scheduler.wake(quick);
    await settle();
    expect(order).toEqual(['slow', 'quick', 'quick']);
    open();
    await settle();
    expect(order).toEqual(['slow', 'quick', 'quick', 'slow']);
  });

  test('a worker never overlaps itself', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    let running = 0;
    let most = 0;
    const worker = scheduler.spawn('g', 'a', {
      drain: async (): Promise<DrainResult> => {
        running += 1;
        most = Math.max(most, running);
        await passed;
        running -= 1;
        return 'idle';
      },
    });
    scheduler.wake(worker);
    await settle();
    scheduler.wake(worker);
    await settle();
    open();
    await settle();
    expect([most, running]).toEqual([1, 0]);
  });

  test('a stopped worker never overlaps its successor (nact: stop() lets the old handler run on beside the new one)', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    const story: string[] = [];
    const old = scheduler.spawn('g', 'a', {
      drain: async (): Promise<DrainResult> => {
        story.push('old starts');
        await passed;
        story.push('old ends');
        return 'more';
      },
    });
    scheduler.wake(old);
    await settle();
    const stopped = scheduler.stop(old).then(() => story.push('old is stopped'));
    const successor = scheduler.spawn('g', 'a', { drain: () => (story.push('successor runs') > 0 ? 'idle' : 'more') });
    scheduler.wake(successor);
    await settle();
    expect(story).toEqual(['old starts']);
    open();
    await settle();
    await stopped;
    expect(story.slice(0, 2)).toEqual(['old starts', 'old ends']);
    expect([...story].sort()).toEqual(['old ends', 'old is stopped', 'old starts', 'successor runs']);
  });

  test('a chain of namesakes runs in order, whoever of them was stopped before it ever ran', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    const story: string[] = [];
    const first = scheduler.spawn('g', 'a', { drain: () => passed });
    scheduler.wake(first);
    await settle();
    const ends = [scheduler.stop(first)];
    const second = scheduler.spawn('g', 'a', { drain: () => (story.push('second') > 0 ? 'idle' : 'more') });
    scheduler.wake(second);
    ends.push(scheduler.stop(second));
    scheduler.wake(scheduler.spawn('g', 'a', { drain: () => (story.push('third') > 0 ? 'idle' : 'more') }));
    await settle();
    expect(story).toEqual([]);
    open();
    await settle();
    await Promise.all(ends);
    expect(story).toEqual(['third']);
  });

  test('stop resolves only when the running drain has ended, and nothing runs after it (nact: queued messages vanish, afterStop comes early)', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    let drains = 0;
    let stopped = false;
    const worker = scheduler.spawn('g', 'a', {
      drain: async (): Promise<DrainResult> => {
        drains += 1;
        await passed;
        return 'more';
      },
    });
    scheduler.wake(worker);
    await settle();
    const end = scheduler.stop(worker).then(() => {
      stopped = true;
    });
    await settle();
    expect(stopped).toBe(false);
    open();
    await settle();
    await end;
    scheduler.wake(worker);
    await settle();
    expect(drains).toBe(1);
    await scheduler.stop(worker);
  });

  test('a drain that throws or rejects is counted and wedges nobody, itself included (nact: a throwing onCrash keeps the actor busy for ever)', async () => {
    const { scheduler, settle, failures } = start();
    let drains = 0;
    const worker = scheduler.spawn('g', 'a', {
      drain: () => {
        drains += 1;
        if (drains === 1) throw new Error('thrown');
        if (drains === 2) return Promise.reject(new Error('rejected'));
        return 'idle';
      },
    });
    for (let i = 0; i < 3; i += 1) {
      scheduler.wake(worker);
      await settle();
    }
    expect(drains).toBe(3);
    expect(failures).toEqual(['a', 'a']);
    expect(scheduler.stats().failures).toBe(2);
  });

  test('a drain that rejects after its worker was stopped harms nobody (nact: TypeError on the deleted parent, process ends)', async () => {
    const { scheduler, settle, failures } = start();
    const { fail, passed } = gate();
    const worker = scheduler.spawn('g', 'a', { drain: () => passed });
    scheduler.wake(worker);
    await settle();
    const end = scheduler.stop(worker);
    fail(new Error('late'));
    await settle();
    await end;
    expect(failures).toEqual(['a']);
  });

  test('any text is a name, and 20,000 of them in one group neither collide nor slow each other (nact: / : @ % refused, random names collide, a parent copies its children)', async () => {
    const { scheduler, settle } = start();
    let drains = 0;
    const work = { drain: (): DrainResult => (++drains > 0 ? 'idle' : 'more') };
    for (const name of ['player/1', 'a:b@c%d', '', 'ü 猫', 'x'.repeat(300)])
      scheduler.wake(scheduler.spawn('g/ö', name, work));
    for (let i = 0; i < 20_000; i += 1) scheduler.wake(scheduler.spawn('g/ö', `player/${i}`, work));
    expect(scheduler.stats().workers).toBe(20_005);
    await settle();
    expect(drains).toBe(20_005);
  });

  test('waking a stopped worker does nothing, stopping it twice gives the same end (nact: dispatch to a stopped actor is a silent no-op)', async () => {
    const { scheduler, settle } = start();
    let drains = 0;
    const worker = scheduler.spawn('g', 'a', { drain: () => (++drains > 0 ? 'idle' : 'more') });
    scheduler.wake(worker);
    const ends = [scheduler.stop(worker), scheduler.stop(worker)];
    scheduler.wake(worker);
    await settle();
    await Promise.all(ends);
    expect(drains).toBe(0);
    expect(scheduler.stats().workers).toBe(0);
  });

  test('shutdown waits for what runs and refuses newcomers (nact: no asynchronous shutdown)', async () => {
    const { scheduler, settle } = start();
    const { open, passed } = gate();
    let over = false;
    scheduler.wake(scheduler.spawn('g', 'a', { drain: () => passed }));
    await settle();
    const end = scheduler.shutdown().then(() => {
      over = true;
    });
    await settle();
    expect(over).toBe(false);
    expect(() => scheduler.spawn('g', 'b', { drain: () => 'idle' })).toThrow(
      expect.objectContaining({ code: 'STOPPING' }),
    );
    open();
    await settle();
    await end;
    expect(over).toBe(true);
  });
});

test('workers that are ready together are served by one token (nact: a setImmediate, three promises and a copied context for each)', async () => {
  const scheduler = new NactScheduler();
  const order: string[] = [];
  const drain = (name: string) => ({
    drain: (): DrainResult => {
      if (order.length === 0) queueMicrotask(() => order.push('whatever comes after the token'));
      order.push(name);
      return 'idle';
    },
  });
  for (const [group, name] of [
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'c'],
  ] as const)
    scheduler.wake(scheduler.spawn(group, name, drain(name)));
  await turnOfTheLoop();
  await turnOfTheLoop();
  expect(order).toEqual(['a', 'b', 'c', 'whatever comes after the token']);
  await scheduler.shutdown();
});
