import { MusterError } from '@muster/ports';

/**
 * The library closes by itself where a client breaks the rules of WebSockets, with a code and without a word. Whoever writes such a client should
 * read why, as it does where we close. @returns undefined where the library has no reason of its own for this code
 */
export function libraryCloseReason(code: number | undefined, frameBytesMax: number): string | undefined {
  switch (code) {
    case 1002:
      return 'that is no WebSocket frame';
    case 1007:
      return 'text frames are UTF-8';
    case 1008:
      return 'a message may not come in so many pieces';
    case 1009:
      return new MusterError('FRAME_TOO_LARGE', { max: frameBytesMax }).message;
    default:
      return undefined;
  }
}
