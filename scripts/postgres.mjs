// Where PostgreSQL's programs are on this machine; where they are not, Debian's packages are unpacked into a cache folder.
// For `npm run cluster`. `npm test` only uses a server that is there already: its contract is also held through PGlite's socket.
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isMain, main, SetupError } from './bootstrap.mjs';
import { unpackDebian } from './debian.mjs';

const programs = ['initdb', 'postgres'];
const debianFolder = '/usr/lib/postgresql';

/**
 * The folder with `initdb` and `postgres`, to be given to our processes as MUSTER_POSTGRES_BIN: that variable's own value, PATH,
 * Debian's folders, the cache; else fetched. Throws a SetupError that says what to install.
 */
export function findPostgres() {
  const cached = join(cacheFolder(), 'bin');
  const found = installed() ?? (hasPrograms(cached) ? cached : undefined);
  if (found) return found;
  const problem = fetchPostgres();
  if (hasPrograms(cached)) return cached;
  throw new SetupError(
    `PostgreSQL is needed (Debian: apt-get install postgresql), or MUSTER_POSTGRES_BIN.\n${problem}`,
  );
}

/** The same without fetching anything, or undefined. */
export function installed() {
  if (process.env.MUSTER_POSTGRES_BIN) return process.env.MUSTER_POSTGRES_BIN;
  return [...versions(debianFolder), ...(process.env.PATH ?? '').split(delimiter)].filter(Boolean).find(hasPrograms);
}

/** Fetches into the cache, whatever is installed. Returns what went wrong, if anything. */
export function fetchPostgres() {
  return unpackDebian('PostgreSQL', packagesOf, cacheFolder(), writeStarters);
}

// PostgreSQL refuses to run as root, and another user cannot read root's home.
function cacheFolder() {
  if (process.getuid?.() === 0) return '/var/cache/muster/postgres';
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', 'postgres');
}

// The C library is on every machine; the JIT's compiler is 100 MB that nobody misses.
const alreadyThere = /^lib(c6|c-|llvm|z3|perl|gcc-s1|elogind)|-perl$|-modules/;

/** The server, its client library, and the libraries that a small machine may lack. */
function packagesOf(aptCache) {
  const server = aptCache('depends', 'postgresql')?.match(/Depends: (postgresql-\d+)/)?.[1];
  if (!server) return [];
  const only = ['no-recommends', 'no-suggests', 'no-conflicts', 'no-breaks', 'no-replaces', 'no-enhances'];
  const all = aptCache('depends', '--recurse', ...only.map((name) => `--${name}`), server) ?? '';
  // Indented lines say why, names in angle brackets are no packages, those with a colon are of another architecture.
  const libraries = all.split('\n').filter((name) => /^lib[^:\s]+$/.test(name) && !alreadyThere.test(name));
  return [...new Set([server, server.replace('postgresql-', 'postgresql-client-'), ...libraries])];
}

/** `bin/initdb` and `bin/postgres` of the cache, which start the real ones with the libraries that lie beside them. */
function writeStarters(folder) {
  const [binaries] = versions(join(folder, debianFolder));
  const libraries = readdirSync(join(folder, 'usr', 'lib')).filter((name) => name.includes('-linux-'));
  mkdirSync(join(folder, 'bin'));
  for (const name of programs) {
    const path = join(folder, 'bin', name);
    const program = `$root${binaries.slice(folder.length)}/${name}`;
    const paths = libraries.map((triplet) => `$root/usr/lib/${triplet}:$root/lib/${triplet}`).join(':');
    writeFileSync(
      path,
      `#!/bin/sh\nroot=$(cd "$(dirname "$0")/.." && pwd)\nLD_LIBRARY_PATH="${paths}" exec "${program}" "$@"\n`,
    );
    chmodSync(path, 0o755);
  }
}

/** Debian's `<version>/bin` folders, newest first. */
function versions(folder) {
  try {
    const names = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
    return names.map((name) => join(folder, name, 'bin')).filter(hasPrograms);
  } catch {
    return [];
  }
}

function hasPrograms(folder) {
  return programs.every((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

if (isMain(import.meta.url))
  await main(() => process.stdout.write(`${JSON.stringify({ postgres: findPostgres() })}\n`));
