import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { causeOf, MusterError, type Random, token } from '@muster/ports';

// A folder that one process at a time may use. PGlite itself lets a second process open the same files, and both then ruin them.
//
// `<folder>/lock` names the holder: host, pid, and when that pid's process began, since a pid alone may belong to another process by
// now (in a container every main process is pid 1). A lock of a dead process is taken over; one of another host never is, because
// whether its process lives cannot be seen from here. Replacing a dead one's lock is guarded by `<folder>/lock.takeover`, else the
// slower of two would replace the living lock of the faster.

const TOKEN_BYTES = 12;

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Boot and start time of the process where the system tells them, else ''. */
  readonly began: string;
  readonly token: string;
}

export interface FolderLock {
  /** Gives the folder up. Twice is fine. */
  release(): void;
}

/** Takes `folder` (made if need be) for this process. @throws MusterError FOLDER_IN_USE naming the process that has it, STORAGE_UNAVAILABLE. */
export function lockFolder(folder: string, random: Random): FolderLock {
  const path = join(folder, 'lock');
  const own = JSON.stringify({
    host: hostname(),
    pid: process.pid,
    began: beganAt(process.pid),
    token: token(random, TOKEN_BYTES),
  } satisfies Holder);
  try {
    mkdirSync(folder, { recursive: true });
    if (!created(path, own)) takeOver(path, own);
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError('STORAGE_UNAVAILABLE', { cause: causeOf(error) }, { cause: error });
  }
  return {
    release: () => {
      if (textOf(path) === own) rmSync(path, { force: true });
    },
  };
}

function takeOver(path: string, own: string): void {
  const guard = `${path}.takeover`;
  if (!created(guard, own)) throw inUse(`another process is taking over ${path} (if none is: remove ${guard})`);
  try {
    // Read under the guard: from here on nobody else replaces it.
    const found = textOf(path);
    const holder = found === undefined ? undefined : holderOf(found);
    if (holder && mayLive(holder)) throw inUse(`process ${holder.pid} on ${holder.host} has it (${path})`);
    const next = `${path}.next`;
    writeFileSync(next, own);
    renameSync(next, path);
  } finally {
    rmSync(guard, { force: true });
  }
}

/** True where the file was not there and now is, with `text` in it. */
function created(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined where a crash left half a file: nobody holds such a lock. */
function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, began, token: mark } = JSON.parse(text) as Partial<Holder>;
    if (typeof host !== 'string' || !Number.isInteger(pid) || typeof began !== 'string') return undefined;
    return { host, pid: pid!, began, token: String(mark) };
  } catch {
    return undefined;
  }
}

function mayLive({ host, pid, began }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if (errorCode(error) === 'ESRCH') return false;
  }
  return beganAt(pid) === began;
}

/** Which process `pid` is, among all that ever had that number; '' where the system does not tell. */
export function beganAt(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name, field 2, may hold spaces and brackets: fields are counted after its closing bracket. Start time is field 22.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return '';
  }
}

function inUse(cause: string): MusterError {
  return new MusterError('FOLDER_IN_USE', { cause });
}

function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
