// Pages that are written by hand and held to the code.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

interface Metric {
  readonly name: string;
  readonly type: string;
}

function sources(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', 'packages/*/src/**.ts'];
  const paths = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0');
  // The simulator reads metrics; whoever makes one is below it.
  const makers = paths.filter((path) => path !== '' && !/\.test\.ts$|test-kit|\/simulator\//.test(path));
  return makers.flatMap((path) => {
    try {
      return [readFileSync(join(root, path), 'utf8')];
    } catch {
      return []; // deleted and not yet committed
    }
  });
}

/** `metrics.counter('muster_…', …)`, and names made by a function of the file from `muster_part_${what}_total`. */
function metricsOf(text: string): readonly Metric[] {
  const direct = [...text.matchAll(/\.(counter|gauge|histogram)\(\s*'(muster_\w+)'/g)];
  const made = [...text.matchAll(/metrics\.(counter|gauge)\(`(muster_\w+)\$\{\w+\}(\w*)`/g)].flatMap(
    ([, type, before, after]) =>
      [...text.matchAll(new RegExp(`(?<!\\.)\\b${type}\\('(\\w+)'`, 'g'))].map(([, what]) => ({
        name: `${before}${what}${after}`,
        type: type!,
      })),
  );
  return [...direct.map(([, type, name]) => ({ name: name!, type: type! })), ...made];
}

function sorted(metrics: readonly Metric[]): readonly string[] {
  return [...new Set(metrics.map(({ name, type }) => `${name} ${type}`))].sort();
}

test('docs/metrics.md names every metric of the code with its type, once, and no other', () => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(muster_\w+)` \| (\w+) \| .+ \| .+ \|$/gm)];
  const documented = rows.map(([, name, type]) => ({ name: name!, type: type! }));
  expect(sorted(documented)).toHaveLength(documented.length);
  expect(sorted(documented)).toEqual(sorted(sources().flatMap(metricsOf)));
});

test('a metric name in the code is a plain text that this page can be held to', () => {
  const text = sources().join('\n');
  const mentioned = new Set([...text.matchAll(/['`](muster_[a-z]+_[a-z_]+)['`$]/g)].map(([, name]) => name!));
  const known = sorted(metricsOf(text)).map((line) => line.split(' ')[0]!);
  const others = [...mentioned].filter((name) => !known.some((metric) => metric.startsWith(name)));
  expect(others).toEqual([]);
});
