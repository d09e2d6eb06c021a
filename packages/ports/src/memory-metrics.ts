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

  /** Whoever counts gives the same labels in the same order each time: their cell is found by their values, without making its key again. */
  private finder(name: string): (labels: Labels | undefined) => Cell {
    const byValues: Branch = new Map();
    let names: readonly string[] | undefined;
    let bare: Cell | undefined;
    return (labels) => {
      if (!labels) {
        bare ??= this.cell(name);
        return bare;
      }
      names ??= Object.keys(labels);
      const found = findCell(byValues, names, labels);
      if (found !== undefined) return found;
      const cell = this.cell(keyOf(name, labels));
      keepCell(byValues, names, labels, cell);
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

/** Cells by the values of their labels, one after the other. */
type Branch = Map<string, Branch | Cell>;

/** Undefined: not kept, or these are not the labels by which cells are kept. */
function findCell(root: Branch, names: readonly string[], labels: Labels): Cell | undefined {
  let at: Branch | Cell | undefined = root;
  let count = 0;
  for (const label in labels) {
    if (label !== names[count] || !(at instanceof Map)) return undefined;
    at = at.get(labels[label]!);
    count += 1;
  }
  return count === names.length && !(at instanceof Map) ? at : undefined;
}

function keepCell(root: Branch, names: readonly string[], labels: Labels, cell: Cell): void {
  if (names.length === 0 || Object.keys(labels).join() !== names.join()) return;
  let at = root;
  for (const label of names.slice(0, -1)) {
    const next = (at.get(labels[label]!) as Branch | undefined) ?? new Map();
    at.set(labels[label]!, next);
    at = next;
  }
  at.set(labels[names.at(-1)!]!, cell);
}

/** Labels by name, whatever order they were given in. */
function keyOf(name: string, labels: Labels): string {
  const parts = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${labels[label]}"`);
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}
