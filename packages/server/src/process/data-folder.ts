import { mkdirSync } from 'node:fs';
import { causeOf, MusterError } from '@muster/ports';

/** Makes the folder that somebody named for what is to be kept, where it is not there yet. @throws MusterError BAD_CONFIG */
export function makeDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new MusterError('BAD_CONFIG', { details: `nothing can be kept in ${path}: ${causeOf(error)}` });
  }
}
