import { type Paint, printable, type Tone } from './paint.js';

const GAP = '  ';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand under each other by their last digit. */
  readonly align?: 'right';
  readonly tone?: (row: Row) => Tone;
  /** Left out where no row has anything to say here. */
  readonly optional?: true;
}

/** Lines of an aligned table with a head. An empty cell is a dash. */
export function table<Row>(all: readonly Column<Row>[], rows: readonly Row[], paint: Paint): string[] {
  const columns = all.filter((column) => !column.optional || rows.some((row) => column.cell(row) !== ''));
  const texts = rows.map((row) => columns.map((column) => printable(column.cell(row)) || '–'));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...texts.map((cells) => width(cells[i]!))));
  const line = (cells: readonly string[], tone: (i: number) => Tone): string =>
    cells
      .map((text, i) => {
        const space = ' '.repeat(widths[i]! - width(text));
        const painted = paint(tone(i), text);
        if (columns[i]!.align === 'right') return space + painted;
        return i === cells.length - 1 ? painted : painted + space;
      })
      .join(GAP);
  const head = line(
    columns.map(({ title }) => title),
    () => 'dim',
  );
  return [head, ...rows.map((row, r) => line(texts[r]!, (i) => columns[i]!.tone?.(row) ?? 'plain'))];
}

/** One line of a list of facts: a label, a value, and how the value is meant. */
export type Fact = readonly [label: string, value: string, tone?: Tone];

/** Lines of `Label  value`, values under each other. A fact without a value is a dash. */
export function facts(list: readonly Fact[], paint: Paint): string[] {
  const labels = Math.max(...list.map(([label]) => label.length));
  return list.map(([label, value, tone = 'plain']) => {
    const text = printable(value) || '–';
    return `${paint('dim', label.padEnd(labels))}${GAP}${paint(tone, text)}`;
  });
}

function width(text: string): number {
  return [...text].length;
}
