import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.js';

interface Cell {
  value: number;
}

/** Counts in memory: tests and the simulator read them back. */
export class MemoryMetrics implements Metrics {
  /** By name and labels. */
  private readonly cells = new Map<string, Cell>();

  counter(name: string): Counter {
    const cellOf = this.finder(name);
    return {
      add(amount = 1, labels) {
        cellOf(labels).value += amount;
      },
    };
  }

  gauge(name: string): Gauge {
    const cellOf = this.finder(name);
    return {
      set(value, labels) {
        cellOf(labels).value = value;
      },
    };
  }

  histogram(name: string): Histogram {
    const [countOf, sumOf] = [this.finder(`${name}_count`), this.finder(`${name}_sum`)];
    return {
      observe(value, labels) {
        countOf(labels).value += 1;
        sumOf(labels).value += value;
      },
    };
  }

  /** The value of a counter or gauge; 0 where nothing was counted. Without labels: the sum over all of them. */
  value(name: string, labels?: Labels): number {
    if (labels) return this.cells.get(keyOf(name, labels))?.value ?? 0;
    let sum = 0;
    for (const [key, { value }] of this.cells) if (key === name || key.startsWith(`${name}{`)) sum += value;
    return sum;
  }

  /** Everything counted, by name and labels. */
  all(): ReadonlyMap<string, number> {
    return new Map([...this.cells].map(([key, { value }]) => [key, value]));
  }

  /** Most metrics have one label at the most: those are found without putting their names together each time. */
  private finder(name: string): (labels: Labels | undefined) => Cell {
    const byValue = new Map<string, Cell>();
    let only: string | undefined;
    let bare: Cell | undefined;
    return (labels) => {
      if (!labels) {
        bare ??= this.cell(name);
        return bare;
      }
      const names = Object.keys(labels);
      only ??= names[0];
      if (names.length !== 1 || names[0] !== only) return this.cell(keyOf(name, labels));
      const value = labels[only!]!;
      let cell = byValue.get(value);
      if (!cell) {
        cell = this.cell(keyOf(name, labels));
        byValue.set(value, cell);
      }
      return cell;
    };
  }

  private cell(key: string): Cell {
    let cell = this.cells.get(key);
    if (!cell) {
      cell = { value: 0 };
      this.cells.set(key, cell);
    }
    return cell;
  }
}

/** Labels by name, whatever order they were given in. */
function keyOf(name: string, labels: Labels): string {
  const parts = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${labels[label]}"`);
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}
