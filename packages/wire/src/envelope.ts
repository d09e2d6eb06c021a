import { causeOf, isMusterError, type MusterError } from '@muster/ports';
import { type Envelope, type EnvelopeInit, readEnvelope, writeEnvelope } from './generated/link.js';
import { newWriter, readerOf, refused } from './protobuf.js';

/** What an envelope carries: `command`, `reply`, `table`, … */
export type BodyType = Envelope['type'];

/** The envelope of one body type. */
export type EnvelopeOf<T extends BodyType> = Extract<Envelope, { readonly type: T }>;

/** One envelope by itself; links write them into frames without this detour. @throws MusterError BAD_FRAME (a number that does not fit) */
export function encodeEnvelope(envelope: EnvelopeInit): Uint8Array {
  const writer = newWriter();
  writeEnvelope(writer, envelope);
  return writer.finish();
}

/** Strict: unknown fields, repeated or missing bodies and cut bytes are refused. @throws MusterError BAD_FRAME and nothing else. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  try {
    return readEnvelope(readerOf(bytes), bytes.length);
  } catch (error) {
    throw badFrame(error);
  }
}

/** protobufjs throws RangeErrors and Errors at the end of bytes: to the outside all of that is one BAD_FRAME. */
export function badFrame(error: unknown): MusterError {
  return isMusterError(error) ? error : refused(causeOf(error));
}
