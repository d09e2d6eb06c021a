import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { Processes, processState } from './processes.js';

async function until(isTrue: () => boolean): Promise<void> {
  for (let n = 0; !isTrue(); n += 1) {
    if (n > 2_000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('the kernel says whether a process is stopped, goes on, or is gone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  const pid = child.pid!;
  try {
    child.kill('SIGSTOP');
    await until(() => processState(pid) === 'T');
    child.kill('SIGCONT');
    await until(() => ['R', 'S', 'D'].includes(processState(pid)));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(processState(pid)).toBe('gone');
});

test('a run of a process serves until its own end, not until that of the run before it', () => {
  const processes = new Processes();
  const run = (pid: number) => ({ id: 'node-1', role: 'node' as const, pid });
  processes.changed({ ...run(1), type: 'serves' });
  expect(processes.pidOf('node-1')).toBe(1);
  processes.changed({ ...run(2), type: 'serves' });
  processes.changed({ ...run(1), type: 'ended', code: null, signal: 'SIGKILL' });
  expect(processes.pidOf('node-1')).toBe(2);
  expect(processes.endingOf(1)).toMatchObject({ signal: 'SIGKILL' });
  processes.changed({ ...run(2), type: 'ended', code: 0, signal: null });
  expect(processes.pidOf('node-1')).toBeUndefined();
});
