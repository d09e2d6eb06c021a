import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.js';

/** Counts in memory: tests and the simulator read them back. */
export class MemoryMetrics implements Metrics {
  private readonly values = new Map<string, number>();

  counter(name: string): Counter {
    return { add: (amount = 1, labels) => this.change(name, labels, (old) => old + amount) };
  }

  gauge(name: string): Gauge {
    return { set: (value, labels) => this.change(name, labels, () => value) };
  }

  histogram(name: string): Histogram {
    return {
      observe: (value, labels) => {
        this.change(`${name}_count`, labels, (old) => old + 1);
        this.change(`${name}_sum`, labels, (old) => old + value);
      },
    };
  }

  /** The value of a counter or gauge; 0 where nothing was counted. Without labels: the sum over all of them. */
  value(name: string, labels?: Labels): number {
    if (labels) return this.values.get(keyOf(name, labels)) ?? 0;
    let sum = 0;
    for (const [key, value] of this.values) if (key === name || key.startsWith(`${name}{`)) sum += value;
    return sum;
  }

  /** Everything counted, by name and labels. */
  all(): ReadonlyMap<string, number> {
    return this.values;
  }

  private change(name: string, labels: Labels | undefined, next: (old: number) => number): void {
    const key = keyOf(name, labels);
    this.values.set(key, next(this.values.get(key) ?? 0));
  }
}

function keyOf(name: string, labels?: Labels): string {
  if (!labels) return name;
  const parts = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${labels[label]}"`);
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}
