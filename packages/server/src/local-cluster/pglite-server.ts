import { SystemClock, SystemRandom } from '@muster/ports';
import { openPglite, PgliteServer } from '@muster/storage';

/** A PGlite in `folder`, spoken to like a Postgres on a free port of 127.0.0.1. `broken`: it cannot be used any more. */
export async function servePglite(
  folder: string,
  broken: (error: unknown) => void,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const { db, close } = await openPglite(folder, new SystemRandom());
  const server = await PgliteServer.start({ db, clock: new SystemClock(), broken });
  return {
    address: server.address,
    stop: async () => {
      await server.stop();
      await close();
    },
  };
}
