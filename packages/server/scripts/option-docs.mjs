// Reads the doc comment of every field of every options.ts into src/generated/option-docs.ts, so that `muster config print` and docs/config.md say
// what the code's own comments say. `--check` only compares.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = join(packages, 'server', 'src', 'generated', 'option-docs.ts');

/** Every file under `folder` that is called options.ts. */
function optionFiles(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name === 'generated') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...optionFiles(path));
    else if (entry.name === 'options.ts') found.push(path);
  }
  return found.sort();
}

/** `interface XOptions { /** text *\/ readonly field: type }` → { X: { field: text } }. Fields that share a comment share its text. */
function docsOf(source) {
  const docs = {};
  for (const [, name, body] of source.matchAll(/export interface (\w+Options)[^{]*\{\n(.*?)\n\}/gs)) {
    const fields = {};
    let text = '';
    for (const [, comment, field] of body.matchAll(/\/\*\*(.*?)\*\/|readonly (\w+)\??:/gs)) {
      if (comment !== undefined) text = comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim();
      else fields[field] = text;
    }
    docs[name] = fields;
  }
  return docs;
}

const all = {};
for (const path of optionFiles(packages)) {
  const docs = docsOf(readFileSync(path, 'utf8'));
  for (const [name, fields] of Object.entries(docs)) {
    if (name in all) throw new Error(`two interfaces are called ${name}; one is in ${relative(packages, path)}`);
    all[name] = fields;
  }
}
const text = [
  '// Made by scripts/option-docs.mjs from the comments in the options.ts files. Do not edit.',
  `export const OPTION_DOCS: Readonly<Record<string, Readonly<Record<string, string>>>> = ${JSON.stringify(all, null, 2)};`,
  '',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  process.stderr.write(
    'packages/server/src/generated/option-docs.ts is not what the options.ts files say: run `npm run docs`\n',
  );
  process.exit(1);
}
