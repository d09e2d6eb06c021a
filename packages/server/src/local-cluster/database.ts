import { join } from 'node:path';
import type { Clock } from '@muster/ports';
import { postgresBinaries, startPostgres } from '@muster/storage';
import { Child } from './child.js';

/** A database for the processes of one local cluster. */
export interface LocalDatabase {
  readonly kind: 'postgres' | 'pglite';
  readonly pid: number;
  /** For `storage.url`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** PostgreSQL where it is installed or was fetched, else one PGlite process behind its socket. */
export async function startDatabase(given: {
  readonly clock: Clock;
  readonly folder: string;
  readonly entry: string;
  readonly output: (text: string) => void;
}): Promise<LocalDatabase> {
  const { clock, folder, entry, output } = given;
  const found = postgresBinaries();
  if ('folder' in found) {
    const server = await startPostgres({ binaries: found.folder, clock, folder: join(folder, 'postgres') });
    return { kind: 'postgres', pid: server.pid, url: server.url, stop: () => server.stop() };
  }
  const child = new Child({ entry, args: ['pglite', '--folder', join(folder, 'pglite')], output });
  const { address } = await child.ready;
  return {
    kind: 'pglite',
    pid: child.pid,
    url: `postgres://postgres@${address}/postgres?sslmode=disable`,
    stop: async () => {
      child.kill('SIGTERM');
      await child.ended;
    },
  };
}
