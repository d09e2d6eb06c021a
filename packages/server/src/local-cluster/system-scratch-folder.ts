import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'muster-cluster-';
/** Who made the folder, and removes it at the end. */
const OWNER_FILE = 'launcher.pid';
/** A folder without its owner's name is just being made, unless it is this old. */
const UNSIGNED_MS = 60_000;

/** A folder below `parent` that this process removes when it ends. Those of processes that were killed before they could are removed now. */
export function makeScratchFolder(parent: string): string {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (name.startsWith(PREFIX) && isLeftOver(folder)) rmSync(folder, { recursive: true, force: true });
  }
  const made = mkdtempSync(join(parent, PREFIX));
  writeFileSync(join(made, OWNER_FILE), String(process.pid));
  // PostgreSQL does not run as root: the user it runs as must get through to its own folder.
  chmodSync(made, 0o755);
  return made;
}

function isLeftOver(folder: string): boolean {
  try {
    return !isAlive(Number(readFileSync(join(folder, OWNER_FILE), 'utf8')));
  } catch {
    return isOld(folder);
  }
}

function isOld(folder: string): boolean {
  try {
    return Date.now() - statSync(folder).mtimeMs > UNSIGNED_MS;
  } catch {
    // Somebody else removes it at this moment.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
