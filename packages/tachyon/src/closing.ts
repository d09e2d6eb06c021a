import { ERRORS, type MusterError } from '@muster/ports';

/** Longest reason a close frame can carry (RFC 6455: 125 bytes of payload, two of them the code). */
const CLOSE_REASON_BYTES_MAX = 123;

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** It is over: the client asked to go, or a newer connection replaced it. Our client does not come back by itself. */
export const CLOSE_NORMAL = 1000;
/** This gateway stops: the session waits, and another gateway, or its successor, takes the client. */
export const CLOSE_RESTART = 1012;

/** How a connection ends because of an error: the error's own close code and its message, cut to what a close frame can carry. */
export function closingOf(error: MusterError): Closing {
  return { code: ERRORS[error.code].close ?? 1011, reason: closeReason(error.message) };
}

/** `text` within the bytes of a close frame, never cut inside a character. */
export function closeReason(text: string): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character.codePointAt(0)!);
    if (bytes > CLOSE_REASON_BYTES_MAX) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
