import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts in: 100 per second on every Linux, whatever it was built with. */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/<pid>/stat behind the name: state is the first. */
const FIELD = { parent: 1, user: 11, system: 12 } as const;

/** CPU seconds (user and system, all threads) that a process has used. @throws Error where there is no such process. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[FIELD.user]) + Number(fields[FIELD.system])) / TICKS_PER_SECOND;
}

/** The same of a process and all that descend from it now: what a database does for a client, it does in a child. */
export function treeCpuSeconds(pid: number): number {
  return treeOf(pid).reduce((sum, member) => sum + (unlessEnded(() => cpuSeconds(member)) ?? 0), 0);
}

/** A process and all that descend from it now. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function parentOf(pid: number): number | undefined {
  return unlessEnded(() => Number(statOf(pid)[FIELD.parent]));
}

/** What is read of a process; undefined: it ended while we were looking, as a database's workers do. */
export function unlessEnded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold blanks and parentheses; the last one ends it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
