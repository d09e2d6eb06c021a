import type { Millis, SeededRandom } from '@muster/ports';

export interface WaysSetup {
  readonly random: SeededRandom;
  readonly latencyMs: Millis;
  readonly jitterMs: Millis;
  readonly now: () => Millis;
}

/** Longer than that nothing is under way, however slow the network: after it recovered, it is well soon. */
const LATENCY_MAX_MS: Millis = 500;

/**
 * How long a message takes from one host to another, and which ways are cut. A way has one direction: a cut may be one-way, and any
 * two hosts may be cut from each other while both reach a third.
 */
export class Ways {
  private readonly setup: WaysSetup;
  private readonly bases = new Map<string, Millis>();
  private readonly cuts = new Map<string, number>();
  /** By host, which faults cut a way of it, and until when: Infinity while they do. */
  private readonly faults = new Map<string, Map<string, Millis>>();
  private readonly listeners = new Set<(from: string, to: string, open: boolean) => void>();
  private readonly congestions: number[] = [];
  /** Changes of any way of a host. */
  private readonly changedAt = new Map<string, number>();

  constructor(setup: WaysSetup) {
    this.setup = setup;
  }

  latency(from: string, to: string): Millis {
    const { random, latencyMs, jitterMs } = this.setup;
    const key = wayOf(from, to);
    let base = this.bases.get(key);
    if (base === undefined) {
      base = latencyMs * (1 + 2 * random.next());
      this.bases.set(key, base);
    }
    return Math.min(LATENCY_MAX_MS, (base - jitterMs * Math.log(1 - random.next())) * Math.max(1, ...this.congestions));
  }

  /** Everything takes this many times as long until the congestion is over; of several, the worst counts. @returns ends it. */
  congest(times: number): () => void {
    this.congestions.push(times);
    return () => {
      const at = this.congestions.indexOf(times);
      if (at >= 0) this.congestions.splice(at, 1);
    };
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.size > 0 && this.cuts.has(wayOf(from, to));
  }

  /** Nothing arrives from `from` at `to` any more. Nested: as many {@link heal}s are needed. `fault`: one that cuts several ways is one. */
  cut(from: string, to: string, fault: string): void {
    for (const host of [from, to]) this.faultsOf(host).set(fault, Number.POSITIVE_INFINITY);
    const key = wayOf(from, to);
    const depth = this.cuts.get(key) ?? 0;
    this.cuts.set(key, depth + 1);
    this.changed(from, to);
    if (depth === 0) for (const told of this.listeners) told(from, to, false);
  }

  heal(from: string, to: string, fault: string): void {
    for (const host of [from, to]) this.faultsOf(host).set(fault, this.setup.now());
    const key = wayOf(from, to);
    const depth = this.cuts.get(key) ?? 0;
    this.changed(from, to);
    if (depth > 1) this.cuts.set(key, depth - 1);
    else if (depth === 1) {
      this.cuts.delete(key);
      for (const told of this.listeners) told(from, to, true);
    }
  }

  /** When the last of this host's ways was cut or healed, by `now` of the setup; Infinity: one is cut. */
  troubledAt(host: string): Millis {
    for (const key of this.cuts.keys())
      if (key.startsWith(`${host}>`) || key.endsWith(`>${host}`)) return Number.POSITIVE_INFINITY;
    return this.changedAt.get(host) ?? Number.NEGATIVE_INFINITY;
  }

  /** Faults that cut a way of this host, now or since then. */
  cutsAt(host: string, since: Millis): readonly string[] {
    return [...this.faultsOf(host)].filter(([, until]) => until > since).map(([fault]) => fault);
  }

  /** Everything takes its usual time. */
  get isFluent(): boolean {
    return this.congestions.length === 0;
  }

  private faultsOf(host: string): Map<string, Millis> {
    const known = this.faults.get(host) ?? new Map<string, Millis>();
    this.faults.set(host, known);
    return known;
  }

  private changed(from: string, to: string): void {
    const now = this.setup.now();
    this.changedAt.set(from, now);
    this.changedAt.set(to, now);
  }

  onChange(told: (from: string, to: string, open: boolean) => void): void {
    this.listeners.add(told);
  }
}

function wayOf(from: string, to: string): string {
  return `${from}>${to}`;
}
