// Values made from a schema, and values that are nearly so: what two descriptions of one command have to agree on.
import fc from 'fast-check';

/** The part of JSON schema that the published schemas and ours use. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oursAlone?: readonly string[];
  readonly [keyword: string]: unknown;
}

export type Resolve = (ref: string) => Schema;

export interface Making {
  /** Where `$ref` leads. */
  readonly resolve?: Resolve;
  /** With every field that may be there, and null nowhere: so that each part of the schema is met. */
  readonly full?: true;
}

/** Values that fit the schema, small ones mostly, at the bounds often. As JSON has them. */
export function valuesOf(schema: Schema, making: Making = {}): fc.Arbitrary<unknown> {
  return fitting(schema, making).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
}

function fitting(schema: Schema, making: Making): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fitting(making.resolve!(schema.$ref), making);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) {
    const branches = making.full ? schema.anyOf.filter(({ type }) => type !== 'null') : schema.anyOf;
    return fc.oneof(...branches.map((branch) => fitting(branch, making)));
  }
  if (schema.allOf)
    return fc.tuple(...schema.allOf.map((part) => fitting(part, making))).map((parts) => Object.assign({}, ...parts));
  switch (schema.type) {
    case 'object':
      return objects(schema, making);
    case 'array':
      return arrays(schema, making);
    case 'string':
      return texts(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 1_000_000, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      throw new Error(`nothing is known of ${JSON.stringify(schema)}`);
  }
}

function objects(schema: Schema, making: Making): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, fitting(field, making)] as const,
  );
  const named = fc.record(
    Object.fromEntries(fields),
    making.full ? {} : { requiredKeys: [...(schema.required ?? [])] },
  );
  const dictionaries = Object.values(schema.patternProperties ?? {}).map((value) =>
    fc.dictionary(fc.stringMatching(/^[a-z0-9_]{1,5}$/), fitting(value, making), {
      minKeys: making.full ? 1 : 0,
      maxKeys: making.full ? 1 : 3,
    }),
  );
  return fc.tuple(named, ...dictionaries).map((parts) => Object.assign({}, ...parts));
}

function arrays(schema: Schema, making: Making): fc.Arbitrary<unknown> {
  const minLength = Math.max(schema.minItems ?? 0, making.full ? 1 : 0);
  const most = minLength + (making.full ? 0 : 2);
  const length = { minLength, maxLength: Math.min(schema.maxItems ?? most, most) };
  const item = fitting(schema.items!, making);
  return schema.uniqueItems ? fc.uniqueArray(item, length) : fc.array(item, length);
}

function texts({ format, pattern, minLength = 0, maxLength }: Schema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'ipv4') return fc.ipV4();
  if (format === 'ipv6') return fc.ipV6();
  if (format === 'regex') return fc.constantFrom('', '^ready:.*$', '[a-z]+');
  // Classes of characters are for exclusion only: printable ASCII is in none that a schema excludes.
  if (pattern !== undefined && !pattern.includes('\\p')) return fc.stringMatching(new RegExp(pattern));
  const short = fc.string({ minLength, maxLength: Math.min(maxLength ?? 12, 12), unit: 'grapheme-ascii' });
  return maxLength === undefined || maxLength > 1_024
    ? short
    : fc.oneof({ weight: 2, arbitrary: short }, { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) });
}

type Path = readonly (string | number)[];
type Change = (value: unknown) => unknown;

const WRONG: readonly unknown[] = [null, 'text', '', 7, 0, -1, 1.5, 1e16, true, [], {}, [null], { type: 'cat' }];

/** `value` with one thing changed somewhere in it: a field away, one too many, another type, a bound passed, a list emptied. */
export function mutantsOf(value: unknown): fc.Arbitrary<unknown> {
  return fc.constantFrom(...changesIn(value)).map(({ path, change }) => changed(value, path, change));
}

/** All of them: a few thousand for the largest values. */
export function everyMutantOf(value: unknown): unknown[] {
  return changesIn(value).map(({ path, change }) => changed(value, path, change));
}

/** `value` with a field more, once for every object in it. */
export function withFieldAdded(value: unknown, name: string, field: unknown): unknown[] {
  const isObject = (node: unknown) => typeof node === 'object' && node !== null && !Array.isArray(node);
  const objects = [...pathsOf(value)].filter((path) => isObject(at(value, path)));
  return objects.map((path) => changed(value, path, (node) => ({ ...(node as object), [name]: field })));
}

function changesIn(value: unknown): readonly { readonly path: Path; readonly change: Change }[] {
  return [...pathsOf(value)].flatMap((path) => changesOf(at(value, path)).map((change) => ({ path, change })));
}

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, entry] of Object.entries(value)) yield* pathsOf(entry, [...path, key]);
}

function changesOf(node: unknown): readonly Change[] {
  const replaced = WRONG.map(
    (wrong): Change =>
      () =>
        wrong,
  );
  if (typeof node === 'string')
    return [
      ...replaced,
      () => `${node}x`,
      () => `${node}${'x'.repeat(600)}`,
      () => node.slice(1),
      () => `${node}\u0007`,
      () => '(((',
    ];
  if (typeof node === 'number')
    return [...replaced, () => -node, () => node + 1, () => node - 1, () => node + 0.5, () => node * 1e6];
  if (typeof node !== 'object' || node === null) return replaced;
  if (Array.isArray(node)) return [...replaced, () => [...node, null], () => node.slice(1), () => [...node, ...node]];
  const fields: object = node;
  const keys = Object.keys(fields);
  return [
    ...replaced,
    () => ({ ...fields, extra: { nested: [1] } }),
    ...keys.map(
      (key): Change =>
        () =>
          without(fields, key),
    ),
    ...keys.map(
      (key): Change =>
        () => ({ ...without(fields, key), [key.toUpperCase()]: at(fields, [key]) }),
    ),
  ];
}

function without(node: object, key: string): object {
  return Object.fromEntries(Object.entries(node).filter(([name]) => name !== key));
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string | number, unknown>)[key], value);
}

function changed(value: unknown, [key, ...rest]: Path, change: Change): unknown {
  if (key === undefined) return change(value);
  const inner = changed(at(value, [key]), rest, change);
  if (Array.isArray(value)) return value.map((entry, i) => (i === Number(key) ? inner : entry));
  return { ...(value as object), [key]: inner };
}

/** A schema of ours without what the published one does not ask: see `oursAlone` in bounds.ts. */
export function asPublished(schema: Schema): Schema {
  const drop = schema.oursAlone ?? [];
  const result = { ...schema } as Record<string, unknown>;
  for (const name of drop) if (!name.includes('/')) delete result[name];
  delete result.oursAlone;
  const gone = drop.flatMap((name) => (name.startsWith('properties/') ? [name.slice('properties/'.length)] : []));
  const optional = drop.flatMap((name) => (name.startsWith('required/') ? [name.slice('required/'.length)] : []));
  if (schema.required) result.required = schema.required.filter((name) => ![...gone, ...optional].includes(name));
  if (schema.properties)
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).flatMap(([name, field]) =>
        gone.includes(name) ? [] : [[name, asPublished(field)]],
      ),
    );
  if (schema.patternProperties)
    result.patternProperties = Object.fromEntries(
      Object.entries(schema.patternProperties).map(([pattern, field]) => [pattern, asPublished(field)]),
    );
  if (schema.items) result.items = asPublished(schema.items);
  if (schema.anyOf) result.anyOf = schema.anyOf.map(asPublished);
  if (schema.allOf) result.allOf = schema.allOf.map(asPublished);
  return result;
}
