import { readFileSync } from 'node:fs';
import type { LocalChange } from '@muster/server';

/** State of a process as the kernel has it: R, S, D, T (stopped), Z (has ended, nobody looked yet) …; `gone`: there is none. */
export function processState(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold blanks and parentheses; the last one ends it.
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
  } catch {
    return 'gone';
  }
}

export type Ended = Extract<LocalChange, { type: 'ended' }>;

/** What has become of the processes of a cluster: who serves, and how each run ended. */
export class Processes {
  private readonly serving = new Map<string, number>();
  private readonly endings = new Map<number, Ended>();

  changed(change: LocalChange): void {
    if (change.type === 'serves') this.serving.set(change.id, change.pid);
    else {
      this.endings.set(change.pid, change);
      if (this.serving.get(change.id) === change.pid) this.serving.delete(change.id);
    }
  }

  /** undefined: it has ended, or does not serve yet. */
  pidOf(id: string): number | undefined {
    return this.serving.get(id);
  }

  endingOf(pid: number): Ended | undefined {
    return this.endings.get(pid);
  }
}
