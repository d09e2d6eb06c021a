import type { Socket } from 'node:net';
import { MUSTER_SUBPROTOCOL } from '@muster/tachyon';
import type { WebSocket } from 'ws';
import type { ClientSocket } from '../core/client-socket.js';

/** FIN and opcode 1: one whole text frame. */
const TEXT_FRAME = 0x81;
/** FIN and opcode 9, without any data: one whole ping, unmasked. */
const PING = '\x89\x00';
const LENGTH_16_BIT = 126;
const LENGTH_64_BIT = 127;

/**
 * A client's WebSocket. After the end began, everything is passed over: a session may be slower to notice than its socket.
 *
 * Text frames and pings are written by ourselves, in one piece: the library hands the socket header and text as two, which was measured to
 * cost 40 % more per frame. That is safe as long as nothing is compressed: then the library, too, writes its frames (pong, close)
 * whole and at once. Corking was measured as well: it pays only where one client gets many frames in one turn.
 */
export class WsClientSocket implements ClientSocket {
  private readonly ws: WebSocket;
  private readonly socket: Socket;

  constructor(ws: WebSocket, socket: Socket) {
    this.ws = ws;
    this.socket = socket;
  }

  get speaksMuster(): boolean {
    return this.ws.protocol === MUSTER_SUBPROTOCOL;
  }

  send(text: string): number {
    if (this.ws.readyState !== this.ws.OPEN) return 0;
    const bytes = Buffer.byteLength(text);
    // As many bytes as characters: plain ASCII, which is Latin-1 too, and Node writes that without a buffer in between.
    if (bytes === text.length) this.socket.write(frameHeader(bytes) + text, 'latin1');
    else this.socket.write(Buffer.concat([Buffer.from(frameHeader(bytes), 'latin1'), Buffer.from(text)]));
    return this.socket.writableLength;
  }

  ping(): void {
    if (this.ws.readyState === this.ws.OPEN) this.socket.write(PING, 'latin1');
  }

  close(code: number, reason: string): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    this.ws.close(code, reason);
  }
}

/** Header of one unmasked text frame (RFC 6455 §5.2), one character per byte. */
function frameHeader(bytes: number): string {
  if (bytes < LENGTH_16_BIT) return String.fromCharCode(TEXT_FRAME, bytes);
  if (bytes < 65_536) return String.fromCharCode(TEXT_FRAME, LENGTH_16_BIT, bytes >> 8, bytes & 0xff);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  return String.fromCharCode(TEXT_FRAME, LENGTH_64_BIT, ...length);
}
