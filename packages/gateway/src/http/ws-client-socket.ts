import type { WebSocket } from 'ws';
import type { ClientSocket } from '../core/client-socket.js';

/** A client's WebSocket. After the end began, everything is passed over: a session may be slower to notice than its socket. */
export class WsClientSocket implements ClientSocket {
  private readonly ws: WebSocket;

  constructor(ws: WebSocket) {
    this.ws = ws;
  }

  send(text: string): number {
    if (this.ws.readyState !== this.ws.OPEN) return 0;
    this.ws.send(text);
    return this.ws.bufferedAmount;
  }

  ping(): void {
    if (this.ws.readyState === this.ws.OPEN) this.ws.ping();
  }

  close(code: number, reason: string): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    this.ws.close(code, reason);
  }
}
