// A bare gRPC process to be killed: `listen` takes streams and says where, `dial <address>` opens one.
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';

const path = '/muster.v1.Link/Stream';
const bytes = (frame) => frame;
const [role, address] = process.argv.slice(2);

if (role === 'listen') {
  const server = new Server();
  const stream = {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService({ stream }, { stream: (call) => call.on('data', () => undefined).sendMetadata(call.metadata) });
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) =>
    process.send(`127.0.0.1:${port}`),
  );
} else {
  const call = new Client(address, credentials.createInsecure()).makeBidiStreamRequest(path, bytes, bytes);
  call.on('data', () => undefined).on('error', () => undefined);
  call.write(Buffer.from('hello'));
}
