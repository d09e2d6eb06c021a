import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { SeededRandom } from '@muster/ports';
import { beganAt, type FolderLock, lockFolder } from './system-folder-lock.js';

const random = new SeededRandom(3);
const children: ChildProcess[] = [];
const locks: FolderLock[] = [];
let home: string;
let lockPath: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-lock-'));
  lockPath = join(home, 'data', 'lock');
});
afterEach(() => {
  for (const lock of locks.splice(0)) lock.release();
  rmSync(home, { recursive: true, force: true });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const folder = (): string => join(home, 'data');

function lock(): FolderLock {
  const taken = lockFolder(folder(), random);
  locks.push(taken);
  return taken;
}

function holder(): Record<string, unknown> {
  return JSON.parse(readFileSync(lockPath, 'utf8')) as Record<string, unknown>;
}

/** Somebody had the folder: what they left in it. */
function leave(text: string): void {
  lock().release();
  writeFileSync(lockPath, text);
}

function ownLock(changes: Record<string, unknown>): string {
  const taken = lock();
  const own = holder();
  taken.release();
  return JSON.stringify({ ...own, token: 'another', ...changes });
}

test('a folder that is held is refused, also to the process that holds it, until it is given up', () => {
  const first = lock();
  expect(holder()).toMatchObject({ pid: process.pid, host: hostname() });
  expect(() => lock()).toThrow(new RegExp(`in use: process ${process.pid} on `));
  first.release();
  expect(existsSync(lockPath)).toBe(false);
  lock();
});

test('a lock of a living process is respected', () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  leave(ownLock({ pid: child.pid, began: beganAt(child.pid!) }));
  expect(() => lock()).toThrow(`process ${child.pid}`);
  expect(existsSync(`${lockPath}.takeover`)).toBe(false);
});

test('a lock of a dead process is taken over', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  leave(ownLock({ pid: child.pid }));
  lock();
  expect(holder()).toMatchObject({ pid: process.pid });
});

test('a lock whose pid now belongs to another process is taken over', () => {
  leave(ownLock({ pid: process.pid, began: 'an-earlier-boot/1' }));
  lock();
  expect(holder()).not.toMatchObject({ began: 'an-earlier-boot/1' });
});

test('a lock of another host is respected, since nobody can see from here whether its process lives', () => {
  leave(ownLock({ host: 'elsewhere', pid: 1 }));
  expect(() => lock()).toThrow('process 1 on elsewhere');
});

test('half a lock, left by a crash, holds nothing', () => {
  for (const text of ['', '{"host":"x', 'null', '{}']) {
    leave(text);
    lock().release();
  }
});

test('only one process at a time replaces a dead lock', () => {
  leave('');
  writeFileSync(`${lockPath}.takeover`, 'somebody');
  expect(() => lock()).toThrow(`remove ${lockPath}.takeover`);
  expect(readFileSync(lockPath, 'utf8')).toBe('');
});

test('who gives up late does not remove the lock of its successor', () => {
  const first = lock();
  const other = ownLockText();
  writeFileSync(lockPath, other);
  first.release();
  expect(readFileSync(lockPath, 'utf8')).toBe(other);
  rmSync(lockPath);
});

function ownLockText(): string {
  return JSON.stringify({ ...holder(), token: 'successor' });
}

test('a folder that cannot be made is a storage error', () => {
  writeFileSync(folder(), 'a file');
  expect(() => lockFolder(folder(), random)).toThrow('storage does not answer');
});
