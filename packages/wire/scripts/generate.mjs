// Writes src/generated/link.ts from proto/muster/v1/link.proto; with --check only says whether it is up to date.
//
// Why not the static code of protobufjs-cli: it skips unknown fields, hands out 64-bit numbers as objects, and its types
// have every field optional on both sides. What it would call per field (protobufjs' Reader and Writer) is used here too.
//
// Per message X: `X` as decoded (every field there), `XInit` as written (every field optional), `writeX`, `readX`.
// A message with a oneof becomes a union: its fields beside `{ type: 'command', body: Command }`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import protobuf from 'protobufjs';

const root = join(import.meta.dirname, '../../..');
const source = join(root, 'proto/muster/v1/link.proto');
const target = join(import.meta.dirname, '../src/generated/link.ts');

// What each scalar is in TypeScript, its default, how it is read and written, and its wire type.
const scalars = {
  uint32: { type: 'number', empty: '0', read: 'r.uint32()', write: (v) => `w.uint32(uint32(${v}))`, wire: 0 },
  uint64: { type: 'number', empty: '0', read: 'readUint53(r)', write: (v) => `writeUint53(w, ${v})`, wire: 0 },
  bool: { type: 'boolean', empty: 'false', read: 'r.bool()', write: (v) => `w.bool(${v})`, wire: 0 },
  double: { type: 'number', empty: '0', read: 'r.double()', write: (v) => `w.double(${v})`, wire: 1 },
  string: { type: 'string', empty: "''", read: 'readString(r)', write: (v) => `w.string(${v})`, wire: 2 },
  bytes: { type: 'Uint8Array', empty: 'noBytes', read: 'r.bytes()', write: (v) => `w.bytes(${v})`, wire: 2 },
};

function main() {
  const code = generate(readFileSync(source, 'utf8'));
  if (!process.argv.includes('--check')) return writeFileSync(target, code);
  if (readFileSync(target, 'utf8') === code) return;
  const fix = `node ${relative(root, import.meta.filename)}`;
  console.error(`${relative(root, target)} does not follow from ${relative(root, source)}: run ${fix}`);
  process.exitCode = 1;
}

function generate(text) {
  const messages = protobuf
    .parse(text, { alternateCommentMode: true })
    .root.resolveAll()
    .lookup('muster.v1').nestedArray;
  const head = [
    '// Generated from proto/muster/v1/link.proto by scripts/generate.mjs. Do not edit.',
    "import { noBytes, type Reader, readString, readUint53, uint32, wrongField, wrongLength, type Writer, writeUint53 } from '../protobuf.js';",
    '',
  ];
  return head
    .concat(...messages.map((message) => [...types(message), ...writer(message), ...reader(message)]))
    .join('\n');
}

function types(message) {
  const { name, plain, choices } = shapeOf(message);
  const field = (suffix, mark) => (f) => {
    const type = scalars[f.type]?.type ?? f.resolvedType.name + suffix;
    const value = f.repeated ? `readonly ${type}[]` : type;
    return `${comment(f, '  ')}  readonly ${f.name}${mark}: ${mark ? `${value} | undefined` : value};`;
  };
  const declare = (suffix, mark) => [
    ...(choices.length > 0 ? [`interface ${name}Head${suffix} {`] : [`export interface ${name}${suffix} {`]),
    ...plain.map(field(suffix, mark)),
    '}',
  ];
  const union = (suffix) => [
    `export interface ${name}Bodies${suffix} {`,
    ...choices.map((f) => `  readonly ${f.name}: ${f.resolvedType.name}${suffix};`),
    '}',
    `export type ${name}${suffix} = {`,
    `  readonly [T in keyof ${name}Bodies${suffix}]: ${name}Head${suffix} & { readonly type: T; readonly body: ${name}Bodies${suffix}[T] };`,
    `}[keyof ${name}Bodies${suffix}];`,
  ];
  const unions = choices.length > 0 ? [...union(''), ...union('Init')] : [];
  return [
    ...(message.comment ? [comment(message, '').trimEnd()] : []),
    ...declare('', ''),
    ...declare('Init', '?'),
    ...unions,
    '',
  ];
}

function writer(message) {
  const { name, plain, choices } = shapeOf(message);
  const put = (f, value) => {
    const scalar = scalars[f.type];
    const tag = `w.uint32(${tagOf(f)})`;
    if (scalar) return `${tag}; ${scalar.write(value)};`;
    return `${tag}.fork(); write${f.resolvedType.name}(w, ${value}); w.ldelim();`;
  };
  const present = (f) => (f.type === 'bytes' ? `m.${f.name} !== undefined && m.${f.name}.length > 0` : `m.${f.name}`);
  return [
    `export function write${name}(w: Writer, m: ${name}Init): void {`,
    ...plain.map((f) =>
      f.repeated
        ? `  if (m.${f.name}) for (const each of m.${f.name}) { ${put(f, 'each')} }`
        : `  if (${present(f)}) { ${put(f, `m.${f.name}`)} }`,
    ),
    ...(choices.length > 0
      ? ['  switch (m.type) {', ...choices.map((f) => `    case '${f.name}': ${put(f, 'm.body')} break;`), '  }']
      : []),
    '}',
    '',
  ];
}

function reader(message) {
  const { name, plain, choices } = shapeOf(message);
  const get = (f) => scalars[f.type]?.read ?? `read${f.resolvedType.name}(r, r.size() + r.pos)`;
  const start = (f) => {
    const type = scalars[f.type]?.type ?? f.resolvedType.name;
    return f.repeated ? `const ${f.name}_: ${type}[] = [];` : `let ${f.name}_: ${type} = ${scalars[f.type]?.empty};`;
  };
  const bodies = `${name}Bodies`;
  const values = plain.map((f) => `${f.name}: ${f.name}_`).join(', ');
  return [
    `export function read${name}(r: Reader, end: number): ${name} {`,
    `  if (end > r.len) throw wrongLength('${name}');`,
    ...plain.map((f) => `  ${start(f)}`),
    ...(choices.length > 0
      ? [`  let type: keyof ${bodies} | undefined;`, `  let body: ${bodies}[keyof ${bodies}] | undefined;`]
      : []),
    '  while (r.pos < end) {',
    '    const tag = r.tag();',
    '    switch (tag) {',
    ...plain.map(
      (f) => `      case ${tagOf(f)}: ${f.repeated ? `${f.name}_.push(${get(f)})` : `${f.name}_ = ${get(f)}`}; break;`,
    ),
    ...choices.map(
      (f) =>
        `      case ${tagOf(f)}: if (type) throw wrongField('${name}', tag); type = '${f.name}'; body = ${get(f)}; break;`,
    ),
    `      default: throw wrongField('${name}', tag);`,
    '    }',
    '  }',
    `  if (r.pos !== end) throw wrongLength('${name}');`,
    ...(choices.length > 0
      ? [`  if (type === undefined) throw wrongField('${name}', 0);`, `  return { ${values}, type, body } as ${name};`]
      : [`  return { ${values} };`]),
    '}',
    '',
  ];
}

/** Numbers in a row without a tag of their own. Texts are never packed, whatever the syntax's default says. */
function isPacked(f) {
  return f.repeated && f.packed && f.type in scalars && f.type !== 'string' && f.type !== 'bytes';
}

/** The fields outside any oneof, and those of its one oneof. Refuses what the templates above do not cover. */
function shapeOf(message) {
  const plain = message.fieldsArray.filter((f) => !f.partOf);
  const choices = message.fieldsArray.filter((f) => f.partOf);
  for (const f of message.fieldsArray) {
    const known = f.type in scalars || f.resolvedType instanceof protobuf.Type;
    if (!known || f.map || (!f.partOf && !f.repeated && f.resolvedType) || isPacked(f))
      throw new Error(`${message.name}.${f.name}: a field of this shape is not supported`);
  }
  if (message.oneofsArray.length > 1) throw new Error(`${message.name}: one oneof at most`);
  return { name: message.name, plain, choices };
}

function comment(described, indent) {
  return described.comment ? `${indent}/** ${described.comment.replace(/\s+/g, ' ')} */\n` : '';
}

function tagOf(field) {
  return (field.id << 3) | (scalars[field.type]?.wire ?? 2);
}

main();
