import { readFileSync } from 'node:fs';
import type { LocalProcess } from '@muster/server';
import { cpuSeconds, treeCpuSeconds, treeOf, unlessEnded } from './cpu-time.js';

/** A process that is looked at. */
export type Looked = Pick<LocalProcess, 'role' | 'id' | 'pid'>;

export interface Used<T> {
  readonly value: T;
  readonly seconds: number;
  /** CPU seconds of our server processes: coordinators, nodes and gateways, the idle ones too. */
  readonly ours: number;
  /** By process; in parentheses those that do not count. */
  readonly byProcess: Readonly<Record<string, number>>;
}

export function isOurs({ role }: Pick<LocalProcess, 'role'>): boolean {
  return role === 'coordinator' || role === 'node' || role === 'gateway';
}

/**
 * What processes use of the CPU while `body` runs. `beside`: others, by name.
 * @throws Error that names a process that ended meanwhile
 */
export async function usedDuring<T>(
  processes: readonly Looked[],
  beside: Readonly<Record<string, number>>,
  body: () => Promise<T>,
): Promise<Used<T>> {
  const read = (): Record<string, number> => ({
    ...Object.fromEntries(processes.filter(isOurs).map(({ id, pid }) => [id, cpuSecondsOf(id, pid)])),
    ...Object.fromEntries(
      processes.filter((one) => !isOurs(one)).map(({ id, pid }) => [`(${id})`, treeCpuSeconds(pid)]),
    ),
    ...Object.fromEntries(Object.entries(beside).map(([name, pid]) => [`(${name})`, cpuSecondsOf(name, pid)])),
  });
  const before = read();
  const from = performance.now();
  const value = await body();
  const seconds = (performance.now() - from) / 1_000;
  const after = read();
  const byProcess = Object.fromEntries(Object.entries(after).map(([id, used]) => [id, used - (before[id] ?? 0)]));
  const ours = processes.filter(isOurs).reduce((sum, { id }) => sum + byProcess[id]!, 0);
  return { value, seconds, ours, byProcess };
}

/** @throws Error that names the process where it has ended: what is measured without it says nothing */
function cpuSecondsOf(name: string, pid: number): number {
  const used = unlessEnded(() => cpuSeconds(pid));
  if (used === undefined) throw new Error(`${name} (process ${pid}) has ended while it was measured`);
  return used;
}

/** Bytes of a process in memory: shared pages, such as those of the program itself, count in each that has them. */
export function residentBytes(pid: number): number {
  return bytesOf(`/proc/${pid}/status`, 'VmRSS');
}

/** Bytes that a process and its descendants have each for themselves: a database's workers share most of theirs. */
export function ownBytesOfTree(pid: number): number {
  return treeOf(pid).reduce(
    (sum, member) => sum + (unlessEnded(() => bytesOf(`/proc/${member}/status`, 'RssAnon')) ?? 0),
    0,
  );
}

/** Bytes that the machine could still give to processes without swapping. */
export function availableBytes(): number {
  return bytesOf('/proc/meminfo', 'MemAvailable');
}

/** Files, sockets among them, that a process of this machine may have open. */
export function filesPerProcess(): number {
  const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

function bytesOf(file: string, field: string): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8')) ?? [];
  return Number(kib ?? 0) * 1_024;
}
