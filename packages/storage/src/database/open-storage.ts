import { type Clock, type Log, type Metrics, MusterError, type Random, type Storage } from '@muster/ports';
import { MemoryStorage } from './memory-storage.js';
import { openPglite } from './open-pglite.js';
import { type DatabaseOptions, databaseOptions } from './options.js';
import { PgliteDialect } from './pglite-dialect.js';
import { postgresDialect } from './postgres-dialect.js';
import { prepareSchema, SqlStorage, type SqlStorageParts } from './sql-storage.js';

export interface OpenStorage {
  /** `postgres://…`, `pglite:<folder>`, `pglite::memory:` (gone with the process) or `memory:` (no SQL at all). */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly options?: Partial<DatabaseOptions>;
  readonly metrics?: Metrics;
  readonly log?: Log;
}

/**
 * Opens what `url` names and brings its schema up to date; several processes may do so at once.
 * @throws MusterError BAD_CONFIG (url or options), STORAGE_UNAVAILABLE (not there), FOLDER_IN_USE, STORAGE_MISMATCH (schema)
 */
export async function openStorage({ url, options, ...rest }: OpenStorage): Promise<Storage> {
  const parts = { ...rest, options: databaseOptions(options) };
  if (url === 'memory:') return new MemoryStorage(parts);
  if (/^postgres(ql)?:\/\//.test(url)) return onPostgres(url, parts);
  const folder = url.startsWith('pglite:') ? url.slice('pglite:'.length) : '';
  if (folder !== '') return onPglite(/^:memory:?$/.test(folder) ? undefined : folder, parts);
  // The text is not repeated: a mistyped url may hold a password.
  throw new MusterError('BAD_CONFIG', {
    details: 'the storage url must be postgres://…, pglite:<folder>, pglite::memory: or memory:',
  });
}

async function onPostgres(url: string, parts: SqlStorageParts): Promise<Storage> {
  const { options, metrics, log } = parts;
  const { connectionsMax, idleConnectionMs, callDeadlineMs, migrateDeadlineMs } = options;
  const same = { url, idleConnectionMs, metrics, log };
  const prepared = await prepareSchema(
    postgresDialect({ ...same, connectionsMax: 1, deadlineMs: migrateDeadlineMs, connectDeadlineMs: callDeadlineMs }),
    parts,
  );
  return new SqlStorage(
    postgresDialect({ ...same, connectionsMax, deadlineMs: callDeadlineMs, connectDeadlineMs: callDeadlineMs }),
    { ...parts, ...prepared },
  );
}

async function onPglite(folder: string | undefined, parts: SqlStorageParts): Promise<Storage> {
  const { db, close } = await openPglite(folder, parts.random);
  try {
    const prepared = await prepareSchema(new PgliteDialect(db), parts);
    return new SqlStorage(new PgliteDialect(db), { ...parts, ...prepared }, close);
  } catch (error) {
    await close();
    throw error;
  }
}
