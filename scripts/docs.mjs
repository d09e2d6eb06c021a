// npm run docs: writes the pages that are made from code. Tests beside the code hold page and code together.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

/** Page, the built module that makes it, and the function there. */
const PAGES = [
  ['docs/errors.md', 'packages/ports/dist/index.js', 'errorsDocument'],
  ['docs/config.md', 'packages/server/dist/config/print.js', 'configDocument'],
  ['docs/protocol.md', 'packages/tachyon/dist/index.js', 'protocolDocument'],
];

// Comments of options first: what is built next contains them.
spawnSync(process.execPath, [join(root, 'packages/server/scripts/option-docs.mjs')], { stdio: 'inherit' });
await bootstrap();
for (const [page, module, name] of PAGES) {
  const exports = await import(join(root, module));
  const path = join(root, page);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, exports[name]());
  process.stdout.write(`${page}\n`);
}
