import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { causeOf, MusterError, type Random } from '@muster/ports';
import { parseInt8 } from './storable.js';
import { lockFolder } from './system-folder-lock.js';

const INT8 = 20;

export interface OpenPglite {
  readonly db: PGlite;
  /** Writes everything and gives the folder up. */
  close(): Promise<void>;
}

/**
 * A Postgres inside this process, in `folder`, or in memory where that is undefined. It takes ~300 MB, and 1–2 s to start.
 * `<folder>/data` holds the database, `<folder>/lock` keeps a second process out.
 * @throws MusterError FOLDER_IN_USE, STORAGE_UNAVAILABLE where the folder cannot be used
 */
export async function openPglite(folder: string | undefined, random: Random): Promise<OpenPglite> {
  const lock = folder === undefined ? undefined : lockFolder(folder, random);
  try {
    // Loaded here, so that a process on Postgres does not carry it.
    const { PGlite } = await import('@electric-sql/pglite');
    if (folder !== undefined) mkdirSync(join(folder, 'data'), { recursive: true });
    const dataDir = folder === undefined ? 'memory://' : join(folder, 'data');
    const db = await PGlite.create({ dataDir, parsers: { [INT8]: parseInt8 } });
    const close = async (): Promise<void> => {
      try {
        if (!db.closed) await db.close();
      } finally {
        lock?.release();
      }
    };
    return { db, close };
  } catch (error) {
    lock?.release();
    throw new MusterError('STORAGE_UNAVAILABLE', { cause: causeOf(error) }, { cause: error });
  }
}
