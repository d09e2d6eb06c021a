import { type BinaryLike, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { MusterError } from '@muster/ports';

const BLOCK_SIZE = 8;
const HASH_BYTES = 32;
/** Bytes of salt: enough that no two hashes share one. */
export const SALT_BYTES = 16;

// Secrets come here without NUL (isStorable): scrypt's HMAC fills short ones up with it, so `x` and `x\0` would be one secret.

/** A salted scrypt hash as one text, `scrypt:N:salt:hash`, so that the cost may change without rewriting older rows. */
export async function hashSecret(secret: string, salt: Uint8Array, cost: number): Promise<string> {
  return written(cost, salt, await derive(secret, salt, cost));
}

/** True where `secret` is the one that was hashed. Takes the same time wherever they differ. */
export async function secretMatches(secret: string, stored: string): Promise<boolean> {
  const { cost, salt, hash } = read(stored);
  return timingSafeEqual(await derive(secret, salt, cost), hash);
}

/** As {@link hashSecret}, within the turn: for the memory form, where nothing may depend on when a thread is done. */
export function hashSecretSync(secret: string, salt: Uint8Array, cost: number): string {
  return written(cost, salt, scryptSync(secret, salt, HASH_BYTES, settings(cost)));
}

/** As {@link secretMatches}, within the turn. */
export function secretMatchesSync(secret: string, stored: string): boolean {
  const { cost, salt, hash } = read(stored);
  return timingSafeEqual(scryptSync(secret, salt, HASH_BYTES, settings(cost)), hash);
}

function derive(secret: BinaryLike, salt: Uint8Array, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, settings(cost), (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}

function settings(cost: number): ScryptOptions {
  return { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 256 * cost * BLOCK_SIZE + 65_536 };
}

function written(cost: number, salt: Uint8Array, hash: Buffer): string {
  return `scrypt:${cost}:${Buffer.from(salt).toString('base64url')}:${hash.toString('base64url')}`;
}

function read(stored: string): { readonly cost: number; readonly salt: Buffer; readonly hash: Buffer } {
  const [scheme, cost, salt, hash] = stored.split(':');
  const bytes = Buffer.from(hash ?? '', 'base64url');
  if (scheme !== 'scrypt' || bytes.length !== HASH_BYTES) {
    throw new MusterError('STORAGE_MISMATCH', { found: `a secret hashed by ${scheme}`, expected: 'scrypt' });
  }
  return { cost: Number(cost), salt: Buffer.from(salt!, 'base64url'), hash: bytes };
}
