// Everything a fresh clone needs before any command: packages installed as the lockfile says, sources compiled.
// It does nothing, quickly and silently, when nothing changed. Only Node itself is needed to run it.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const pinnedPnpm = 'pnpm@12.21.0';
const lockTimeoutMs = 10 * 60_000; // an install on a slow line takes minutes; longer than this is a hang
const lockPollMs = 200;

/** A reason that a person can act on: printed without a stack. */
export class SetupError extends Error {}

const say = (line) => process.stderr.write(`muster: ${line}\n`);

/** Installs what the lockfile names, if node_modules is not of it already. */
export function install() {
  const wanted = fingerprint();
  const stamp = join(root, 'node_modules', '.muster-installed');
  if (existsSync(stamp)) {
    if (readFileSync(stamp, 'utf8') === wanted) return;
  } else if (isInstalledByHand()) {
    writeFileSync(stamp, wanted);
    return;
  }
  say('installing packages');
  const [command, ...args] = findPnpm();
  // CI=true: pnpm must never ask a question here, for instance before it replaces a node_modules of another version.
  const result = spawnSync(command, [...args, 'install', '--frozen-lockfile'], {
    cwd: root,
    env: { ...process.env, CI: 'true' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    process.stderr.write(
      `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`,
    );
    throw new SetupError(
      `packages could not be installed. If a package.json changed, bring the lockfile up to date: npm exec --yes ${pinnedPnpm} -- install`,
    );
  }
  writeFileSync(stamp, wanted);
}

/** Somebody ran pnpm: it keeps a copy of the lockfile by which it installed. */
function isInstalledByHand() {
  const installed = join(root, 'node_modules', '.pnpm', 'lock.yaml');
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(join(root, 'pnpm-lock.yaml')));
}

/** Compiles every package that changed; returns whether all of it type-checks. What is wrong is printed. */
export function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [tsc, '-b'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Installs and compiles, once at a time per clone. Throws a SetupError when the sources do not compile. */
export async function bootstrap() {
  checkNode();
  await exclusively(() => {
    install();
    if (!compile()) throw new SetupError('the sources do not compile (see above)');
  });
}

/** Installs only, once at a time per clone: for callers that report type errors themselves. */
export async function bootstrapPackages() {
  checkNode();
  await exclusively(install);
}

/** Runs a script's main function; a SetupError ends the process with its message alone. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

/** Whether a script is the program that was started, not one that another imports. */
export const isMain = (url) => process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  }
}

/** What node_modules depends on: lockfile, manifests, and the machine (some packages are native). */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  const folders = readdirSync(join(root, 'packages')).sort();
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'test/package.json'];
  for (const file of [...files, ...folders.map((name) => `packages/${name}/package.json`)]) {
    if (existsSync(join(root, file))) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** The pnpm of this machine if it will do, else the pinned one through npm. pnpm 11 does not start before Node 22. */
function findPnpm() {
  const { status, stdout } = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8' });
  const version = Number.parseInt(stdout ?? '', 10);
  if (status === 0 && version >= 10 && !(version === 11 && Number.parseInt(process.versions.node, 10) < 22))
    return ['pnpm'];
  return ['npm', 'exec', '--yes', pinnedPnpm, '--'];
}

/** A lock file per clone holds the pid of whoever works; a lock of a dead process is nobody's. */
async function exclusively(work) {
  const key = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `muster-bootstrap-${key}.lock`);
  const mine = `${lock}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const deadline = Date.now() + lockTimeoutMs;
  writeFileSync(mine, String(process.pid));
  try {
    for (let waited = false; !tryLink(mine, lock); waited = true) {
      const holder = readOrNothing(lock);
      if (holder === undefined) continue;
      if (!isAlive(Number(holder))) {
        rmSync(lock, { force: true });
        continue;
      }
      if (Date.now() > deadline) throw new SetupError(`process ${holder} has held ${lock} for too long`);
      if (!waited) say(`waiting for process ${holder}, which is setting up this clone`);
      await new Promise((resolve) => setTimeout(resolve, lockPollMs));
    }
    try {
      return work();
    } finally {
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Linking a file that already holds our pid makes taking the lock and signing it one step. */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (isMain(import.meta.url)) await main(bootstrap);
