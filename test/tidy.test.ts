// The house rules that a machine can hold. Each test lists every place that breaks its rule.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

// From the bottom up: a package may import only what stands before it.
const layers = [
  'ports',
  'wire',
  'runtime',
  'cluster',
  'coordinator',
  'storage',
  'tachyon',
  'play',
  'world',
  'gateway',
  'relay',
  'server',
  'simulator',
  'client',
  'demo',
  'cli',
  'console',
  'bench',
];
const maxFileLines = 400;
const maxReadmeLines = 60;
const namesThatSayNothing = /^(utils?|helpers?|misc|managers?|types)\./;
const timeAndChance =
  /\bDate\.now\(|(?<![.\w])set(Timeout|Interval|Immediate)\(|\bMath\.random\(|\brandomUUID\(|\bprocess\.hrtime\b|\bperformance\.now\(/;
// These run at the edge of the system, where real time is what they are about.
const mayTellTheTime = new Set(['client', 'cli', 'bench', 'console']);
const whatNobodyShips = [/\bas any\b/, /@ts-ignore/, /\.only\(/, /\b(TODO|FIXME)\b/];
const machineFolders = /(^|[^.\w])\/work\/|\.library\b/;

interface Source {
  readonly path: string;
  readonly package: string;
  readonly text: string;
  readonly isTest: boolean;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const packages = readdirSync(join(root, 'packages'));
const tracked = filesOf(['.']);
const sources: readonly Source[] = tracked
  .filter((path) => /^(packages\/[^/]+\/src|test)\/.*\.tsx?$/.test(path) && !path.includes('/generated/'))
  .map((path) => ({
    path,
    package: path.startsWith('test/') ? 'test' : path.split('/')[1]!,
    text: read(path),
    isTest: path.startsWith('test/') || /\.test(-kit)?\.tsx?$/.test(path),
  }));

/** Committed files and those about to be: what git neither ignores nor has lost. */
function filesOf(paths: readonly string[]): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  const deleted = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\0');
  return listed.filter((path) => !deleted.includes(path));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function manifestOf(name: string): Manifest {
  return JSON.parse(read(name === 'test' ? 'test/package.json' : `packages/${name}/package.json`)) as Manifest;
}

/** Lines of a source that match, as `path:line text`, comments left out where only code counts. */
function places(source: Source, pattern: RegExp, include: 'all' | 'code'): string[] {
  return source.text.split('\n').flatMap((line, index) => {
    const text = include === 'code' ? line.replace(/^\s*(\/\/|\/?\*).*|\s\/\/ .*/, '') : line;
    return pattern.test(text) ? [`${source.path}:${index + 1} ${line.trim()}`] : [];
  });
}

/** Package names that a source imports, as `@scope/name` or `name`. */
function imports(source: Source): readonly string[] {
  const specifiers = source.text.matchAll(
    /(?:^\s*(?:import|export)\b[^'";]*?from\s*|^\s*import\s*|\bimport\()'([^'.][^']*)'/gm,
  );
  return [...specifiers]
    .map(([, specifier]) => specifier!)
    .filter((specifier) => !specifier.startsWith('node:') && !builtinModules.includes(specifier))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
}

test('only the system adapters take time or chance from the machine', () => {
  const offenders = sources
    .filter((source) => !source.isTest && !mayTellTheTime.has(source.package) && !source.path.includes('/system'))
    .flatMap((source) => places(source, timeAndChance, 'code'));
  expect(offenders).toEqual([]);
});

test('no source silences the compiler, narrows a test run or leaves a note to come back', () => {
  const offenders = sources
    .filter((source) => source.path !== 'test/tidy.test.ts')
    .flatMap((source) => whatNobodyShips.flatMap((pattern) => places(source, pattern, 'all')));
  expect(offenders).toEqual([]);
});

test(`no source is longer than ${maxFileLines} lines`, () => {
  const offenders = sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > maxFileLines);
  expect(offenders).toEqual([]);
});

test('every file name says what is in it', () => {
  expect(sources.map(({ path }) => path).filter((path) => namesThatSayNothing.test(basename(path)))).toEqual([]);
});

test('every package stands in the table of layers', () => {
  expect(packages.filter((name) => !layers.includes(name))).toEqual([]);
});

test('a package depends only on packages below it', () => {
  const offenders = packages.flatMap((name) => {
    const { dependencies, devDependencies, peerDependencies } = manifestOf(name);
    const used = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
    return used
      .filter((dependency) => dependency.startsWith('@muster/'))
      .filter((dependency) => !isBelow(dependency, name))
      .map((dependency) => `${name} depends on ${dependency}`);
  });
  expect(offenders).toEqual([]);
});

test('a source imports only packages below its own', () => {
  const offenders = sources
    .filter((source) => source.package !== 'test')
    .flatMap((source) =>
      imports(source)
        .filter((name) => name.startsWith('@muster/') && !isBelow(name, source.package))
        .map((name) => `${source.path} imports ${name}`),
    );
  expect(offenders).toEqual([]);
});

test('a source imports only what its package declares', () => {
  const testTools = Object.keys((JSON.parse(read('package.json')) as Manifest).devDependencies ?? {});
  const offenders = sources.flatMap((source) => {
    const { name, dependencies, devDependencies, peerDependencies } = manifestOf(source.package);
    const shipped = [name, ...Object.keys({ ...dependencies, ...peerDependencies })];
    const allowed = source.isTest ? [...shipped, ...Object.keys(devDependencies ?? {}), ...testTools] : shipped;
    return imports(source)
      .filter((imported) => !allowed.includes(imported))
      .map((imported) => `${source.path} imports ${imported}`);
  });
  expect(offenders).toEqual([]);
});

test('the compiler is told of the same dependencies as the package manager', () => {
  const offenders = packages.filter((name) => {
    const { references = [] } = JSON.parse(read(`packages/${name}/tsconfig.json`)) as {
      references?: readonly { readonly path: string }[];
    };
    const referenced = references.map(({ path }) => `@muster/${basename(path)}`).sort();
    const { dependencies, devDependencies } = manifestOf(name);
    const declared = Object.keys({ ...dependencies, ...devDependencies }).filter((key) => key.startsWith('@muster/'));
    return referenced.join() !== declared.sort().join();
  });
  expect(offenders).toEqual([]);
});

test(`every package has a README.md of at most ${maxReadmeLines} lines`, () => {
  const offenders = packages.filter((name) => {
    const path = `packages/${name}/README.md`;
    return !tracked.includes(path) || read(path).trimEnd().split('\n').length > maxReadmeLines;
  });
  expect(offenders).toEqual([]);
});

test('no committed file knows the machine it was written on', () => {
  const offenders = tracked.filter(
    (path) => path !== 'test/tidy.test.ts' && dirname(path) !== '.git' && machineFolders.test(read(path)),
  );
  expect(offenders).toEqual([]);
});

function isBelow(dependency: string, name: string): boolean {
  const index = layers.indexOf(dependency.replace('@muster/', ''));
  return index >= 0 && index < layers.indexOf(name);
}
