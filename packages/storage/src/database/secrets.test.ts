import { expect, test } from '@jest/globals';
import { hashSecret, hashSecretSync, secretMatches, secretMatchesSync } from './secrets.js';

const salt = new Uint8Array(16).fill(7);

test('a secret matches its own hash and no other secret does', async () => {
  const stored = await hashSecret('geheim', salt, 1_024);
  expect(await secretMatches('geheim', stored)).toBe(true);
  for (const wrong of ['', 'Geheim', stored]) expect(await secretMatches(wrong, stored)).toBe(false);
});

test('a hash does not show the secret, and differs with the salt', async () => {
  const stored = await hashSecret('geheim', salt, 16);
  expect(stored).not.toContain('geheim');
  expect(stored).not.toContain(Buffer.from('geheim').toString('base64url'));
  expect(await hashSecret('geheim', new Uint8Array(16).fill(8), 16)).not.toBe(stored);
});

test('a hash of another cost is still understood, within a turn as well as beside it', async () => {
  const cheap = hashSecretSync('geheim', salt, 2);
  expect(cheap).toMatch(/^scrypt:2:/);
  expect(await secretMatches('geheim', cheap)).toBe(true);
  expect(secretMatchesSync('geheim', await hashSecret('geheim', salt, 16_384))).toBe(true);
});

test('a hash that we did not write is refused, not taken for a match', async () => {
  for (const stored of ['', 'plain:geheim', 'scrypt:16:c2FsdA:', 'scrypt:16:c2FsdA:c2hvcnQ']) {
    await expect(secretMatches('geheim', stored)).rejects.toMatchObject({ code: 'STORAGE_MISMATCH' });
  }
});
