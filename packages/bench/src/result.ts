import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';

/** What one benchmark has to say, measured in one run. */
export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is compared with, measured in the same run, in turns. */
  readonly baseline: string;
  readonly baselineValue: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Units of work whose effect was checked. */
  readonly completed: number;
  readonly asked: number;
  /** Whatever else helps to read the figure; on the same level as the others in JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One line of `--json`, but for `details`. */
export interface Result extends Finding, Provenance {
  /** `value / baselineValue`. */
  readonly ratio: number;
}

/** Which program and which source a figure belongs to. */
export interface Provenance {
  readonly node: string;
  /** Short hash; `+` where the working tree differs from it. */
  readonly commit: string;
  readonly cpus: number;
  /** One-minute load average before the first round: much above 0 says that others use the machine, too. */
  readonly loadBefore: number;
}

export function provenance(): Provenance {
  const machine = { node: process.versions.node, cpus: availableParallelism(), loadBefore: loadavg()[0]! };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: import.meta.dirname,
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return { ...machine, commit: `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}` };
  } catch {
    return { ...machine, commit: 'unknown' };
  }
}

/** @throws Error where the work was not done: such a figure is not published. */
export function settle(finding: Finding, from: Provenance): Result {
  const { name, value, baselineValue, completed, asked } = finding;
  if (completed !== asked) throw new Error(`${name}: ${completed} of ${asked} were completed`);
  if (!(value > 0) || !(baselineValue > 0)) throw new Error(`${name}: ${value} against ${baselineValue} is no figure`);
  return {
    ...finding,
    value: rounded(value),
    baselineValue: rounded(baselineValue),
    ratio: rounded(value / baselineValue),
    ...from,
  };
}

export function jsonLine({ details, ...result }: Result): string {
  return JSON.stringify({ ...result, ...details }, (_key, value) =>
    typeof value === 'number' ? rounded(value) : value,
  );
}

/** For people: the figure, what it is compared with, and the rest. */
export function table(result: Result): string {
  const { name, value, unit, baseline, baselineValue, ratio, p50Ms, p99Ms, completed, asked, details } = result;
  const indent = ' '.repeat(26);
  const latency = p50Ms === undefined ? [] : [`p50 ${shown(p50Ms)} ms, p99 ${shown(p99Ms ?? p50Ms)} ms`];
  const rest = Object.entries(details ?? {}).map(([key, detail]) => `${key} ${described(detail)}`);
  return [
    `${name.padEnd(26)} ${shown(value).padStart(12)} ${unit}`,
    `${indent} ${shown(baselineValue).padStart(12)} ${baseline}: ratio ${ratio}`,
    `${indent} ${[`${shown(completed)} of ${shown(asked)} checked`, ...latency, ...rest].join('; ')}`,
  ].join('\n');
}

/** Four significant digits: more would pretend. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10_000 ? Math.round(value) : Number(value.toPrecision(4));
}

function shown(value: number): string {
  return rounded(value).toLocaleString('en', { maximumFractionDigits: 4 });
}

function described(detail: unknown): string {
  if (typeof detail === 'number') return shown(detail);
  if (typeof detail !== 'object' || detail === null) return String(detail);
  return Object.entries(detail)
    .map(([key, value]) => `${key} ${described(value)}`)
    .join(', ');
}
