import type { JsonText } from './host.js';

/** Anything that could spell `__proto__` in JSON: the plain word, or an escape that may hide one of its letters. Looked for plainly: as a
 *  pattern it took as long as the reading itself, and whoever is promoted reads hundreds of actors at once. */
function isSuspect(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u00');
}

/** JSON text of a value; `null` for what JSON cannot say (undefined). @throws TypeError for cycles and bigints. */
export function encodeJson(value: unknown): JsonText {
  return JSON.stringify(value) ?? 'null';
}

/**
 * The value of JSON text or UTF-8 bytes. An own key `__proto__` is dropped: JSON.parse itself stores it harmlessly, but whoever
 * copies the object by assignment afterwards would give the copy another prototype.
 * @throws SyntaxError
 */
export function decodeJson(data: Uint8Array | JsonText): unknown {
  const text = typeof data === 'string' ? data : utf8(data);
  if (text === '' || text === 'null') return null;
  return isSuspect(text) ? JSON.parse(text, withoutProto) : JSON.parse(text);
}

function utf8(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8');
}

function withoutProto(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
