import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { SystemRandom } from '@muster/ports';
import { openPglite } from '@muster/storage';

/** Connections at once: every process of a local cluster has a small pool. */
const CONNECTIONS_MAX = 100;

/** A PGlite in `folder`, spoken to like a Postgres on a free port of 127.0.0.1. */
export async function servePglite(folder: string): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const { db, close } = await openPglite(folder, new SystemRandom());
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: CONNECTIONS_MAX });
  await server.start();
  return {
    address: server.getServerConn(),
    stop: async () => {
      await server.stop();
      await close();
    },
  };
}
