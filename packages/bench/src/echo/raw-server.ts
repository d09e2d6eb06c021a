// What we are compared with: a WebSocket server that does nothing but answer. It copies the message id into a frame that was made before,
// as long as our server's answer.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { answering } from '../child.js';
import { ID_LENGTH, REQUEST_ID_AT, RESPONSE_HEAD, RESPONSE_ID_AT } from './frames.js';

function template(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes, 'x');
  frame.write(RESPONSE_HEAD);
  return frame;
}

function serve(socket: WebSocket, answer: Buffer): void {
  socket.on('message', (data: RawData) => {
    const frame = Buffer.from(answer);
    (data as Buffer).copy(frame, RESPONSE_ID_AT, REQUEST_ID_AT, REQUEST_ID_AT + ID_LENGTH);
    socket.send(frame, { binary: false });
  });
  socket.on('error', () => socket.terminate());
}

answering({
  listen: ({ responseBytes }: { readonly responseBytes: number }): Promise<string> => {
    const http = createServer();
    const server = new WebSocketServer({ server: http, perMessageDeflate: false });
    const answer = template(responseBytes);
    http.on('connection', (socket) => socket.setNoDelay(true));
    server.on('connection', (socket) => serve(socket, answer));
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`));
    });
  },
});
