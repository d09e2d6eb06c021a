// node scripts/run.mjs <compiled entry> [arguments]: set up this clone if need be, then become that program.
// The entry runs in this very process, so signals, exit code and pid are the program's own.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, main, root, SetupError } from './bootstrap.mjs';

await main(async () => {
  const [entry, ...args] = process.argv.slice(2);
  if (entry === undefined) throw new SetupError('usage: node scripts/run.mjs <compiled entry> [arguments]');
  await bootstrap();
  const path = resolve(root, entry);
  if (!existsSync(path)) throw new SetupError(`${join(entry)} does not exist: its source was not compiled`);
  process.argv = [process.argv[0], path, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(path).href);
});
