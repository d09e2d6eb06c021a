import { readFileSync } from 'node:fs';
import { causeOf, MusterError } from '@muster/ports';

/** Shorter ones can be guessed. */
const CHARACTERS_MIN = 16;

/** The credential in the file; empty where none is named. @throws MusterError BAD_CONFIG */
export function breakGlassOf(file: string): string {
  if (file === '') return '';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MusterError('BAD_CONFIG', { details: `admin.breakGlassFile: ${causeOf(error)}` });
  }
  const [credential = ''] = text.split('\n', 1).map((line) => line.trim());
  if (credential.length < CHARACTERS_MIN)
    throw new MusterError('BAD_CONFIG', {
      details: `admin.breakGlassFile: the first line of ${file} has fewer than ${CHARACTERS_MIN} characters`,
    });
  return credential;
}
