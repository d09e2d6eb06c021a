import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { protocolDocument } from './protocol-document.js';

test('docs/protocol.md says what the definitions say (npm run docs writes it)', () => {
  const document = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  expect(document).toBe(protocolDocument());
});
