import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends `child` when this process is gone, however it went: a shell waits for the end of its input, which the kernel closes for a killed process too.
 * For programs that do not notice by themselves that nobody needs them any more. Needs `sh`.
 */
export function endWithThisProcess(child: ChildProcess, signal: 'INT' | 'KILL'): void {
  if (child.pid === undefined) return;
  const guard = spawn('sh', ['-c', `cat >/dev/null; kill -${signal} ${child.pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without `sh` there is no guard, and nothing else is lost.
  guard.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  // Its pid may soon be somebody else's.
  child.once('exit', () => guard.kill('SIGKILL'));
}
