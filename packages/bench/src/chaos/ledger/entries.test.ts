import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RunEntry, readEntries } from './entries.js';
import { Journal } from './journal.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-chaos-ledger-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry = (at: number): RunEntry => ({ t: 'run', at, seed: 1, players: 2 });

test('what one run wrote is there for the next, and a line that its writer could not end is left out', () => {
  const path = join(folder, 'run.jsonl');
  for (const at of [1, 2]) {
    const journal = new Journal<RunEntry>(path);
    journal.write(entry(at));
    journal.close();
  }
  writeFileSync(path, '{"t":"run","at":3,"se', { flag: 'a' });
  expect(readEntries<RunEntry>(path)).toEqual([entry(1), entry(2)]);
});

test('a journal that somebody has damaged is not read past the damage', () => {
  const path = join(folder, 'damaged.jsonl');
  writeFileSync(path, `${JSON.stringify(entry(1))}\nnot json\n${JSON.stringify(entry(2))}\n`);
  expect(() => readEntries(path)).toThrow('damaged.jsonl:2 is no JSON: not json');
});
