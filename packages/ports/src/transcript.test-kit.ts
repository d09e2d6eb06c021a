import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Golden transcripts: a text file whose lines `> …` are inputs and whose indented lines are what the protocol answered.
 * `play` gets the words of one input and returns the lines of the answer. Lines without a mark are comments.
 * Returns what the file says and what it should say; with UPDATE_TRANSCRIPTS set, the file is written anew.
 */
export function replay(
  path: string,
  play: (words: readonly string[]) => readonly string[],
): { readonly expected: string; readonly actual: string } {
  const expected = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const actual = expected
    .split('\n')
    .filter((line) => !line.startsWith('  '))
    .flatMap((line) =>
      line.startsWith('> ') ? [line, ...play(line.slice(2).split(' ')).map((l) => `  ${l}`)] : [line],
    )
    .join('\n');
  if (process.env.UPDATE_TRANSCRIPTS) writeFileSync(path, actual);
  return { expected, actual };
}

/** The same where an answer takes time. */
export async function replayed(
  path: string,
  play: (words: readonly string[]) => Promise<readonly string[]>,
): Promise<{ readonly expected: string; readonly actual: string }> {
  const expected = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines: string[] = [];
  for (const line of expected.split('\n').filter((one) => !one.startsWith('  '))) {
    lines.push(line);
    if (line.startsWith('> ')) lines.push(...(await play(line.slice(2).split(' '))).map((answer) => `  ${answer}`));
  }
  const actual = lines.join('\n');
  if (process.env.UPDATE_TRANSCRIPTS) writeFileSync(path, actual);
  return { expected, actual };
}
