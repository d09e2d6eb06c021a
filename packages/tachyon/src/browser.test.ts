// Clients in browsers import this package: what it ships may use nothing that only Node has.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const folder = new URL('.', import.meta.url);
const shipped = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

test('what is shipped imports its own files, the ports, and libraries that run in browsers', () => {
  const imported = shipped.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from!),
  );
  const foreign = new Set(imported.filter((from) => !from.startsWith('./')));
  expect([...foreign].sort()).toEqual(['@muster/ports', '@sinclair/typebox', 'ajv']);
  expect(imported.filter((from) => from.includes('test-kit') || from.includes('testdata'))).toEqual([]);
});

test('what is shipped names no global of Node', () => {
  const places = shipped.filter((name) =>
    /(?<![.\w'"`])(Buffer|process|require|__dirname|global|setImmediate)\b(?=[.([])/.test(
      readFileSync(new URL(name, folder), 'utf8'),
    ),
  );
  expect(places).toEqual([]);
});
