// The one entry to protobufjs: its Reader and Writer, and what the generated codecs need beside them.
// 64-bit numbers are plain numbers below 2^53 (the admin epoch is 2^53 − 1): no Long is ever made.
import { MusterError } from '@muster/ports';
import protobuf from 'protobufjs/minimal.js';
import type { KnownStrings } from './known-strings.js';

export type Reader = protobuf.Reader & { known: KnownStrings | undefined };
export type Writer = protobuf.Writer;

export const noBytes = new Uint8Array(0);

const UINT32_MAX = 0xffff_ffff;

/** A reader over `bytes`. Byte fields that it returns are views into them. `known`: the texts of the link that brought them. */
export function readerOf(bytes: Uint8Array, known?: KnownStrings): Reader {
  // Strings of a Buffer are decoded by the engine, those of a plain array in JavaScript.
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = protobuf.Reader.create(buffer) as Reader;
  reader.known = known;
  return reader;
}

export function newWriter(): Writer {
  return protobuf.Writer.create();
}

/** @throws MusterError BAD_FRAME where the number does not fit: a 33rd bit would be cut off silently. */
export function uint32(value: number): number {
  if (value >>> 0 !== value) throw refused(`${value} is no unsigned 32-bit number`);
  return value;
}

/** @throws MusterError BAD_FRAME for negatives, fractions and 2^53 or more. */
export function writeUint53(w: Writer, value: number): void {
  if (value <= UINT32_MAX) w.uint32(uint32(value));
  else if (Number.isSafeInteger(value)) w.uint64(value);
  else throw refused(`${value} is no whole number below 2^53`);
}

/** Reads a text. @throws where it is longer than what is left. */
export function readString(r: Reader): string {
  const { known, pos } = r;
  if (!known) return r.string();
  const length = r.size();
  const start = r.pos;
  const found = start + length <= r.len ? known.find(r.buf, start, length) : undefined;
  if (found !== undefined) {
    r.pos = start + length;
    return found;
  }
  r.pos = pos;
  const text = r.string();
  known.missed(r.buf, start, length, text);
  return text;
}

/** Reads a varint without the object per number that protobufjs makes. @throws MusterError BAD_FRAME for 2^53 or more. */
export function readUint53(r: Reader): number {
  const { buf, len } = r;
  let value = 0;
  let unit = 1;
  // Eight groups of seven bits hold 56: enough for any number below 2^53.
  for (let i = 0; i < 8; i += 1) {
    if (r.pos >= len) throw refused('it ends inside a number');
    const byte = buf[r.pos]!;
    r.pos += 1;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    unit *= 128;
  }
  throw refused('a number of 2^53 or more');
}

export function wrongField(message: string, tag: number): MusterError {
  if (tag === 0) return refused(`${message} without a body`);
  return refused(`${message} with an unknown or repeated field ${tag >>> 3} of wire type ${tag & 7}`);
}

export function wrongLength(message: string): MusterError {
  return refused(`${message} is longer than what holds it`);
}

export function refused(cause: string): MusterError {
  return new MusterError('BAD_FRAME', { peer: 'the sender', cause });
}
