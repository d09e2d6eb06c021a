// Debian packages, unpacked into a cache folder: nothing is installed, so no service starts and root is not needed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Downloads and unpacks beside the folder `cache`, then moves it into place in one step. Returns what went wrong, if anything.
 * `packages`: names, or a function that gets `aptCache(...args)` (its output, or undefined) and returns them.
 * `finish(folder)` may add to what was unpacked before it is moved.
 */
export function unpackDebian(what, packages, cache, finish = () => undefined) {
  process.stderr.write(`muster: fetching ${what} from the Debian packages\n`);
  mkdirSync(join(cache, '..'), { recursive: true });
  const work = mkdtempSync(`${cache}-`);
  try {
    const problem = download(work, packages) ?? extract(work);
    if (problem) return problem;
    finish(join(work, 'root'));
    rmSync(cache, { recursive: true, force: true });
    renameSync(join(work, 'root'), cache);
  } catch (error) {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return undefined; // another process was first
    return error.message;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function download(work, packages) {
  // As the machine knows the packages now; else with package lists of our own, which needs no root.
  if (downloadWith(work, packages, []) === undefined) return undefined;
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(work, 'apt', 'archives', 'partial'), { recursive: true });
  const own = ['-o', `Dir::State::lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${join(work, 'apt')}`];
  return run('apt-get', [...quietly, ...own, 'update'], work).problem ?? downloadWith(work, packages, own);
}

const quietly = ['-q', '-y', '-o', 'APT::Sandbox::User=root'];

function downloadWith(work, packages, settings) {
  const aptCache = (...args) => run('apt-cache', [...settings, ...args], work).output;
  const names = typeof packages === 'function' ? packages(aptCache) : packages;
  if (names.length === 0) return 'the package lists do not name it';
  return run('apt-get', [...quietly, ...settings, 'download', ...names], work).problem;
}

function extract(work) {
  for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    const { problem } = run('dpkg', ['-x', file, join(work, 'root')], work);
    if (problem) return problem;
  }
}

function run(command, args, cwd) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.error) return { problem: `${command}: ${result.error.message}` };
  if (result.status === 0) return { output: result.stdout };
  return { problem: `${command} ${args.join(' ')}:\n${result.stderr || result.stdout}` };
}
