import { expect, test } from '@jest/globals';
import { Child, withChildren } from './child.js';

const entry = new URL('./testdata/doubling-child.mjs', import.meta.url);

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a child is asked, answers, and is gone afterwards, whatever happened', async () => {
  let pid = 0;
  const failing = withChildren(new AbortController().signal, [new Child(entry)] as const, async (child) => {
    pid = child.pid;
    expect(await child.ask('double', 21, 10_000)).toBe(42);
    await child.ask('fail', undefined, 10_000);
  });
  await expect(failing).rejects.toThrow('it failed');
  expect(alive(pid)).toBe(false);
});

test('a child that dies or does not answer ends the question', async () => {
  await withChildren(
    new AbortController().signal,
    [new Child(entry), new Child(entry)] as const,
    async (dying, silent) => {
      await expect(dying.ask('die', undefined, 10_000)).rejects.toThrow('ended with 3');
      await expect(dying.ask('double', 1, 10_000)).rejects.toThrow('has ended');
      await expect(silent.ask('unheard of', undefined, 50)).rejects.toThrow('no answer to unheard of within 50 ms');
    },
  );
});
