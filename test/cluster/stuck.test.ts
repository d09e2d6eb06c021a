// A process whose main loop hangs ends itself; one that was only stopped, or busy for a while, does not.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { pause, until } from './until.js';

const WATCH = new URL('../../packages/server/dist/process/system-stuck-loop.js', import.meta.url).href;
const STUCK_MS = 2_000;
/** In this time the watcher looks. */
const LOOK_MS = 600;
const TEST_TIMEOUT_MS = 60_000;

/** A process that watches itself, says `ready` and then runs `code`. */
function run(code: string) {
  const script = `
    const { endWhenStuck } = await import(${JSON.stringify(WATCH)});
    const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    const stop = endWhenStuck('node-1', ${STUCK_MS}, { write: (_, event) => console.error(event) });
    console.log('ready');
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const ended = new Promise<readonly [number | null, string | null]>((resolve) => {
    child.once('close', (exit, signal) => resolve([exit, signal]));
  });
  return { child, said, ended };
}

test(
  'a main loop that does not turn ends its process, which says so in one line',
  async () => {
    const { said, ended } = run('setTimeout(() => { for (;;); }, 100);');
    expect(await ended).toEqual([null, 'SIGALRM']);
    const line = JSON.parse(said.err) as { stuckMs: number };
    expect(line).toMatchObject({ level: 'error', event: 'process.stuck', node: 'node-1' });
    expect(line.stuckMs).toBeGreaterThanOrEqual(STUCK_MS);
  },
  TEST_TIMEOUT_MS,
);

test(
  'a process that was stopped for longer lives on when it goes on: its loop gets its time first',
  async () => {
    const { child, said, ended } = run(
      "const { readSync } = await import('node:fs'); console.log('busy'); readSync(0, Buffer.alloc(1)); console.log('alive'); stop();",
    );
    await until(() => said.out.includes('busy'), 20_000, 'it is busy');
    // In the middle of something, so that the watcher looks before the loop can turn.
    child.kill('SIGSTOP');
    await pause(2 * STUCK_MS);
    child.kill('SIGCONT');
    await pause(LOOK_MS);
    child.stdin.write('x');
    expect(await ended).toEqual([0, null]);
    expect(said).toEqual({ out: 'ready\nbusy\nalive\n', err: '' });
  },
  TEST_TIMEOUT_MS,
);

test(
  'a process that is busy again and again, each time for less, lives on',
  async () => {
    const { said, ended } = run(
      'for (let n = 0; n < 8; n += 1) { busy(500); await new Promise((next) => setTimeout(next, 100)); } stop();',
    );
    expect(await ended).toEqual([0, null]);
    expect(said.err).toBe('');
  },
  TEST_TIMEOUT_MS,
);
