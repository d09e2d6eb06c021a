import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeScratchFolder } from './system-scratch-folder.js';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'scratch-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function folder(name: string, pid?: number): string {
  const path = join(parent, name);
  mkdirSync(path);
  if (pid !== undefined) writeFileSync(join(path, 'launcher.pid'), String(pid));
  return path;
}

test('the folder of a launcher that was killed is removed by the next one; that of a living one, and whatever else is there, stays', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const killed = folder('muster-cluster-a', pid);
  const living = folder('muster-cluster-b', process.pid);
  const unsigned = folder('muster-cluster-c');
  const old = folder('muster-cluster-d');
  utimesSync(old, 1, 1);
  const foreign = folder('something-else', pid);
  const made = makeScratchFolder(parent);
  expect([killed, living, unsigned, old, foreign, made].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
    false,
    true,
    true,
  ]);
});
