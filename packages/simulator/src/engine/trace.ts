import type { Log, LogFields, LogLevel, Millis } from '@muster/ports';

interface Line {
  readonly at: Millis;
  readonly who: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface TraceSetup {
  readonly clock: { monotonic(): Millis };
  /** Lines kept; the oldest go first. */
  readonly linesMax: number;
  /** Lines below it are hashed and counted, not kept. */
  readonly level: LogLevel;
}

/**
 * What happened, one line per event, and a hash over all of it: the same seed must give the same hash.
 * Kept lines are bounded; hashed and counted is everything.
 */
export class Trace {
  private readonly setup: TraceSetup;
  private readonly threshold: number;
  private readonly lines: Line[] = [];
  private readonly counts = new Map<string, number>();
  private readonly listeners = new Map<string, Set<(who: string, fields: LogFields) => void>>();
  private low = 0x811c9dc5;
  private high = 0x01000193;
  private dropped = 0;

  constructor(setup: TraceSetup) {
    this.setup = setup;
    this.threshold = LEVELS.indexOf(setup.level);
  }

  write(who: string, level: LogLevel, event: string, fields: LogFields = {}): void {
    const at = this.setup.clock.monotonic();
    this.mixText(who);
    this.mixText(event);
    for (const [name, value] of Object.entries(fields)) {
      this.mixText(name);
      this.mixText(textOf(value));
    }
    this.mix(at * 1_000);
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
    for (const told of this.listeners.get(event) ?? []) told(who, fields);
    if (LEVELS.indexOf(level) < this.threshold) return;
    this.lines.push({ at, who, level, event, fields });
    if (this.lines.length < 2 * this.setup.linesMax) return;
    this.dropped += this.lines.length - this.setup.linesMax;
    this.lines.splice(0, this.lines.length - this.setup.linesMax);
  }

  /** Takes a number into the hash without a line of its own: what happens too often for one. */
  mix(value: number): void {
    this.low = Math.imul(this.low ^ (value | 0), 0x01000193);
    this.high = Math.imul(this.high ^ (this.low >>> 13), 0x85ebca6b);
  }

  /** Called for every line of this event. @returns ends it */
  listen(event: string, told: (who: string, fields: LogFields) => void): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(told));
    return () => listeners.delete(told);
  }

  /** A process's log, written here. */
  logOf(who: string, bound: LogFields = {}): Log {
    return {
      write: (level, event, fields) => this.write(who, level, event, { ...bound, ...fields }),
      with: (fields) => this.logOf(who, { ...bound, ...fields }),
    };
  }

  count(event: string): number {
    return this.counts.get(event) ?? 0;
  }

  get hash(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** The last lines, oldest first. */
  text(): string {
    const kept = this.lines.slice(-this.setup.linesMax).map(format);
    const before = this.dropped + Math.max(0, this.lines.length - this.setup.linesMax);
    return [...(before > 0 ? [`… ${before} earlier lines`] : []), ...kept].join('\n');
  }

  private mixText(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.low = Math.imul(this.low ^ text.charCodeAt(i), 0x01000193);
    this.high = Math.imul(this.high ^ (this.low >>> 13), 0x85ebca6b);
  }
}

function format({ at, who, level, event, fields }: Line): string {
  const told = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`);
  const mark = level === 'warn' || level === 'error' ? `${level} ` : '';
  return [(at / 1_000).toFixed(4).padStart(9), who.padEnd(18), mark + event, ...told].join('  ');
}

function textOf(value: unknown): string {
  if (value instanceof Error)
    return JSON.stringify('code' in value ? `${String(value.code)}: ${value.message}` : value.message);
  if (typeof value === 'string') return /^[\w.:#/*-]+$/.test(value) ? value : JSON.stringify(value);
  return typeof value === 'object' ? (JSON.stringify(value) ?? 'undefined') : String(value);
}
