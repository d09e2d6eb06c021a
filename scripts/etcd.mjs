// Where etcd and etcdctl are on this machine; where they are not, Debian's packages are unpacked into a cache folder.
// Unpacked, not installed: installing would also start a service on etcd's default port, and would need root.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isMain, main, SetupError } from './bootstrap.mjs';
import { unpackDebian } from './debian.mjs';

const debianPackages = ['etcd-server', 'etcd-client'];

/** Absolute paths `{ etcd, etcdctl }`. Throws a SetupError that says what to install. */
export function findEtcd() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', 'etcd');
  const found = onPath() ?? inFolder(join(cache, 'usr', 'bin'));
  if (found) return found;
  const problem = unpackDebian('etcd', debianPackages, cache);
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

if (isMain(import.meta.url)) await main(() => process.stdout.write(`${JSON.stringify(findEtcd())}\n`));
