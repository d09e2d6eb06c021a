// What signing in is compared with: a server that checks nothing and keeps nothing. It answers each POST with as many bytes as a pair of
// tokens has, and sends each new WebSocket as many bytes as a `user/self` has.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answering } from '../child.js';

export interface RawSizes {
  readonly tokenBytes: number;
  readonly selfBytes: number;
}

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
}

answering({
  listen: ({ tokenBytes, selfBytes }: RawSizes): Promise<string> => {
    const body = JSON.stringify({ access_token: 'x'.repeat(Math.max(1, tokenBytes - '{"access_token":""}'.length)) });
    const frame = Buffer.alloc(selfBytes, 'x');
    const http = createServer((request, response) => answer(request, response, body));
    const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
    sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate());
      socket.send(frame, { binary: false });
    });
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(http.address() as AddressInfo).port}`));
    });
  },
});
