import { MusterError } from '@muster/ports';
import { WebSocket } from 'ws';

/**
 * The library closes by itself where a client breaks the rules of WebSockets, with a code and without a word. Whoever writes such a client should
 * read why, as it does where we close: these are the words for a server that takes frames of `frameBytesMax` bytes.
 */
export function reasonedWebSocket(frameBytesMax: number): typeof WebSocket {
  const reasons: Readonly<Record<number, string>> = {
    1002: 'that is no WebSocket frame',
    1007: 'text frames are UTF-8',
    1008: 'a message may not come in so many pieces',
    1009: new MusterError('FRAME_TOO_LARGE', { max: frameBytesMax }).message,
  };
  return class ReasonedWebSocket extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, reason ?? (code === undefined ? undefined : reasons[code]));
    }
  };
}
