import { createHash, timingSafeEqual } from 'node:crypto';
import { type Random, token } from '@muster/ports';

const CODE_BYTES = 32;
const SECRET_BYTES = 32;
const REFRESH_TOKEN = /^mrt\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** What storage keeps of a secret: its hash. Secrets have 256 random bits, so no salt and no slow hash is needed. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

export function newCode(random: Random): string {
  return token(random, CODE_BYTES);
}

/** All refresh tokens that descend from one sign-in are a family; it follows from the code, so a code used twice names whom to revoke. */
export function familyOf(code: string): string {
  return hashOf(`family of ${code}`);
}

export function newRefreshToken(family: string, random: Random): string {
  return `mrt.${family}.${token(random, SECRET_BYTES)}`;
}

export function isRefreshToken(text: string): boolean {
  return text.startsWith('mrt.');
}

/** The parts of a refresh token, or undefined where it cannot be one of ours. */
export function readRefreshToken(text: string): { readonly family: string; readonly secret: string } | undefined {
  const [, family, secret] = REFRESH_TOKEN.exec(text) ?? [];
  return family !== undefined && secret !== undefined ? { family, secret } : undefined;
}
