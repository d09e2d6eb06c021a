/** Chance, as everything below `server` sees it. */
export interface Random {
  /** Uniform in [0, 1). Never for secrets. */
  next(): number;
  /** `length` unpredictable bytes (in the system form: from the operating system). */
  bytes(length: number): Uint8Array;
}

/** A random (version 4) UUID from `random`'s bytes. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** `length` bytes from `random` as URL-safe text: tokens, incarnations. */
export function token(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('base64url');
}

/** `delayMs` spread uniformly over [1 − spread, 1 + spread] of itself, so that many who wait do not return together. */
export function jitter(random: Random, delayMs: number, spread = 0.25): number {
  return delayMs * (1 - spread + 2 * spread * random.next());
}
