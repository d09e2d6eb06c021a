import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { usedDuring } from './usage.js';

test('a process that ends while it is measured is named', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  const processes = [{ role: 'gateway', id: 'gateway-1', pid: child.pid! }] as const;
  const measured = usedDuring(processes, {}, async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await expect(measured).rejects.toThrow(/^gateway-1 \(process \d+\) has ended/);
});
