// Where etcd and etcdctl are on this machine; where they are not, Debian's packages are unpacked into a cache folder.
// Unpacked, not installed: installing would also start a service on etcd's default port, and would need root.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isMain, main, SetupError } from './bootstrap.mjs';

const debianPackages = ['etcd-server', 'etcd-client'];

/** Absolute paths `{ etcd, etcdctl }`. Throws a SetupError that says what to install. */
export function findEtcd() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', 'etcd');
  const found = onPath() ?? inFolder(join(cache, 'usr', 'bin'));
  if (found) return found;
  const problem = unpack(cache);
  const unpacked = inFolder(join(cache, 'usr', 'bin'));
  if (unpacked) return unpacked;
  throw new SetupError(
    `etcd and etcdctl 3.4 or newer are needed on PATH (Debian: apt-get install ${debianPackages.join(' ')}).\n${problem}`,
  );
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const pick = (name) => folders.map((folder) => join(folder, name)).find(isProgram);
  const [etcd, etcdctl] = [pick('etcd'), pick('etcdctl')];
  return etcd && etcdctl ? { etcd, etcdctl } : undefined;
}

function inFolder(folder) {
  const [etcd, etcdctl] = [join(folder, 'etcd'), join(folder, 'etcdctl')];
  return isProgram(etcd) && isProgram(etcdctl) ? { etcd, etcdctl } : undefined;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Downloads and unpacks beside the cache folder, then moves it into place in one step. Returns what went wrong, if anything. */
function unpack(cache) {
  process.stderr.write('muster: fetching etcd from the Debian packages\n');
  mkdirSync(join(cache, '..'), { recursive: true });
  const work = mkdtempSync(`${cache}-`);
  try {
    const problem = download(work) ?? extract(work);
    if (problem) return problem;
    rmSync(cache, { recursive: true, force: true });
    renameSync(join(work, 'root'), cache);
  } catch (error) {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return undefined; // another process was first
    return error.message;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function download(work) {
  // As the machine knows the packages now; else with package lists of our own, which needs no root.
  if (aptGet(work, ['download', ...debianPackages]) === undefined) return undefined;
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(work, 'apt', 'archives', 'partial'), { recursive: true });
  const own = ['-o', `Dir::State::lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${join(work, 'apt')}`];
  return aptGet(work, [...own, 'update']) ?? aptGet(work, [...own, 'download', ...debianPackages]);
}

function extract(work) {
  for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    const problem = run('dpkg', ['-x', file, join(work, 'root')], work);
    if (problem) return problem;
  }
}

const aptGet = (cwd, args) => run('apt-get', ['-q', '-y', '-o', 'APT::Sandbox::User=root', ...args], cwd);

function run(command, args, cwd) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.error) return `${command}: ${result.error.message}`;
  return result.status === 0 ? undefined : `${command} ${args.join(' ')}:\n${result.stderr || result.stdout}`;
}

if (isMain(import.meta.url)) await main(() => process.stdout.write(`${JSON.stringify(findEtcd())}\n`));
