import { afterEach } from '@jest/globals';
import { MusterClient, type MusterClientOptions } from '../client.js';
import { playerSignIn } from '../sign-in.js';
import { FakeServer } from './fake-server.js';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server that ends with the test; of the same cluster as `twin`. */
export async function serve(twin?: FakeServer): Promise<FakeServer> {
  const server = new FakeServer(twin);
  await server.listen();
  ends.push(() => server.close());
  return server;
}

/** A client that waits for little, not connected yet. It ends with the test. */
export function clientOf(server: FakeServer, options: Partial<MusterClientOptions> = {}): MusterClient {
  const client = new MusterClient({
    url: server.url,
    signIn: playerSignIn({ loginHint: 'ann' }),
    reconnectFirstMs: 1,
    reconnectMaxMs: 20,
    disconnectTimeoutMs: 200,
    ...options,
  });
  ends.push(() => client.disconnect());
  return client;
}
