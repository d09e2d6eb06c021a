import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { WsClientSocket } from './ws-client-socket.js';

/** What a client gets of `texts`. */
async function received(texts: readonly string[]): Promise<readonly string[]> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (ws, request: IncomingMessage) => {
    const socket = new WsClientSocket(ws, request.socket);
    for (const text of texts) {
      socket.ping();
      socket.send(text);
    }
    socket.close(1000, 'done');
    socket.send('too late');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const got: string[] = [];
  client.on('message', (data, isBinary) => got.push(isBinary ? 'binary' : data.toString()));
  const [code] = await new Promise<[number]>((resolve) => client.on('close', (...args) => resolve([args[0]])));
  expect(code).toBe(1000);
  await new Promise((resolve) => http.close(resolve));
  return got;
}

test('every text arrives as it was, whatever its length and letters, between the frames of the library', async () => {
  const texts = ['', 'a', 'é', '日本', '🚀', 'ÿ\u0080', '\u0000'];
  for (const length of [125, 126, 127, 65_535, 65_536, 70_000])
    texts.push('x'.repeat(length), `ü${'x'.repeat(length - 2)}`);
  expect(await received(texts)).toEqual(texts);
});
