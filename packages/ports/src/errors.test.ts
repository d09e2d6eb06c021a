import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { codeOf, ERRORS, type ErrorCode, isMusterError, MusterError } from './errors.js';
import { errorsDocument } from './errors-document.js';

test('docs/errors.md says what the table says (npm run docs writes it)', () => {
  const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  expect(document).toBe(errorsDocument());
});

test('a message is filled from the details, and only from them', () => {
  const error = new MusterError('NOT_OWNER', { shard: 17, peer: 'node-1#a', term: 4 });
  expect(error.message).toBe('shard 17 is not owned by node-1#a in term 4');
  expect(new MusterError('NOT_OWNER').message).toContain('{shard}');
  expect(new MusterError('NOT_FOUND', { what: '{shard}' }).message).toBe('{shard} is not known');
});

test('an error of another copy of this package is recognised', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('muster.error')]: true, code: 'NO_OWNER' });
  expect(isMusterError(foreign)).toBe(true);
  expect(codeOf(foreign)).toBe('NO_OWNER');
  expect(codeOf(new Error('x'))).toBeUndefined();
});

test('an error that closes a socket does so with a code that a WebSocket may send', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { close } = ERRORS[code];
    if (close !== null) expect([1000, 1001, 1003, 1008, 1009, 1011, 1012, 1013]).toContain(close);
  }
});
