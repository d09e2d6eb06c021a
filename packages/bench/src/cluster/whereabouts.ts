/** One process that ended, by itself or not. */
export interface Ending {
  readonly id: string;
  /** As the clock that was given says. */
  readonly at: number;
  /** What its launcher said of it: with which code or signal. */
  readonly line: string;
  /** Lines of all processes just before: what it logged is among them. */
  readonly before: readonly string[];
}

const BEFORE_LINES = 8;

const RUNS = /^(\S+) runs as pid (\d+)$/;
const ENDED = /^(\S+) \(pid \d+\) ended with /;

/** Who runs in a local cluster, from what its launcher says on stderr whenever a process ends and is started again. */
export class Whereabouts {
  readonly endings: Ending[] = [];
  private readonly pids: Map<string, number>;
  private readonly now: () => number;
  private rest = '';
  private last: readonly string[] = [];
  private failed: (ending: Ending) => void = () => undefined;

  constructor(first: readonly { readonly id: string; readonly pid: number }[], now: () => number) {
    this.pids = new Map(first.map(({ id, pid }) => [id, pid]));
    this.now = now;
  }

  /** More of stderr, cut anywhere. */
  heard(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      const [, id, pid] = RUNS.exec(line) ?? [];
      if (id !== undefined) this.pids.set(id, Number(pid));
      const [, ended] = ENDED.exec(line) ?? [];
      if (ended !== undefined) this.ended({ id: ended, at: this.now(), line, before: this.last });
      this.last = [...this.last, line].slice(-BEFORE_LINES);
    }
  }

  /** What `measure` finds, where it is about processes that all stay. @throws Error as soon as one ends, with what was logged before. */
  async whileAllRun<T>(measure: () => Promise<T>): Promise<T> {
    const failure = new Promise<never>((_, reject) => {
      this.failed = ({ line, before }) => reject(new Error(`${line}\n  ${before.join('\n  ')}`));
    });
    const [already] = this.endings;
    if (already) this.failed(already);
    return Promise.race([failure, measure()]);
  }

  private ended(ending: Ending): void {
    this.endings.push(ending);
    this.failed(ending);
  }

  /** @throws Error where nobody was ever called so. */
  pidOf(id: string): number {
    const pid = this.pids.get(id);
    if (pid === undefined) throw new Error(`no process is called ${id}`);
    return pid;
  }
}
