// What chat is compared with: a server that hands each frame of one socket to all others, as many bytes as ours delivers and answers with.
// It knows no members, keeps nothing, and numbers nothing but what the sender numbered.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { answering } from '../child.js';
import { NUMBER_DIGITS } from './numbers.js';

export interface RawSizes {
  readonly deliveryBytes: number;
  readonly answerBytes: number;
}

answering({
  listen: ({ deliveryBytes, answerBytes }: RawSizes): Promise<string> => {
    const http = createServer();
    const server = new WebSocketServer({ server: http, perMessageDeflate: false });
    const answer = Buffer.alloc(answerBytes, 'x');
    const everybody = new Set<WebSocket>();
    http.on('connection', (socket) => socket.setNoDelay(true));
    server.on('connection', (socket) => {
      everybody.add(socket);
      socket.on('error', () => socket.terminate());
      socket.on('close', () => everybody.delete(socket));
      socket.on('message', (data: RawData) => {
        const frame = Buffer.alloc(deliveryBytes, 'x');
        (data as Buffer).copy(frame, 0, 0, NUMBER_DIGITS);
        for (const other of everybody) if (other !== socket) other.send(frame, { binary: false });
        socket.send(answer, { binary: false });
      });
    });
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`));
    });
  },
});
