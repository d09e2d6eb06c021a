import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Said } from './steps.js';

const ROLLOUT_DEADLINE_MS = 600_000;
const LAST_WORDS_LENGTH = 4_000;

/** Exit code of musterctl where the cluster is not as it should be for what was asked. */
const CONFLICT = 5;

/**
 * `musterctl rollout restart --json`, as an operator runs it. Undefined: it did not begin, because the cluster was not at rest (a machine that others use, too,
 * may have no headroom for the moment). @throws Error with its last words where it failed
 */
export async function rollOut(
  admins: readonly string[],
  interrupted: AbortSignal,
  heard: (said: Said) => void,
): Promise<readonly Said[] | undefined> {
  const entry = fileURLToPath(new URL('./main.js', import.meta.resolve('@muster/cli')));
  const where = admins.flatMap((admin) => ['--admin', admin]);
  const child = spawn(process.execPath, [entry, 'rollout', 'restart', '--json', ...where], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: interrupted,
    timeout: ROLLOUT_DEADLINE_MS,
  });
  const all: Said[] = [];
  let lastWords = '';
  child.stderr.on('data', (chunk) => {
    lastWords = `${lastWords}${chunk}`.slice(-LAST_WORDS_LENGTH);
  });
  createInterface(child.stdout).on('line', (line) => {
    const said = { ...JSON.parse(line), wall: Date.now() } as Said;
    all.push(said);
    heard(said);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code === CONFLICT && all.length === 0) return undefined;
  if (code !== 0) throw new Error(`musterctl rollout restart ended with ${code}: ${lastWords}`);
  return all;
}
