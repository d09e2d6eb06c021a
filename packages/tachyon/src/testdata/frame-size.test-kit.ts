import type { TSchema } from '@sinclair/typebox';

/** A code point that needs no escape has so many bytes, one that does so many. */
const PLAIN_BYTES = 4;
const ESCAPED_BYTES = 6;
/** As -1.2345678901234567e-308. */
const NUMBER_BYTES = 24;
const FORMAT_BYTES: Readonly<Record<string, number>> = { uuid: 36, ipv4: 15, ipv6: 45 };
/** As a user id's pattern bounds it. */
const DIGITS = /\[0-9\]\{0,(\d+)\}/;

/** Bytes that a value of this schema can have at most as compact JSON in UTF-8, unknown fields left out. @throws Error naming what has no end */
export function largestOf(schema: TSchema, path = ''): number {
  const at = (part: string | number) => `${path}/${part}`;
  const sum = (sizes: readonly number[]) => sizes.reduce((all, one) => all + one, 0);
  if (typeof schema.bytesMax === 'number') return schema.bytesMax;
  if (Array.isArray(schema.anyOf))
    return Math.max(...schema.anyOf.map((one: TSchema, i: number) => largestOf(one, at(i))));
  if (Array.isArray(schema.allOf)) return sum(schema.allOf.map((one: TSchema, i: number) => largestOf(one, at(i))));
  if ('const' in schema) return JSON.stringify(schema.const).length;
  if (Array.isArray(schema.enum)) return Math.max(...schema.enum.map((one: unknown) => JSON.stringify(one).length));
  switch (schema.type) {
    case 'string':
      return 2 + textBytes(schema, path);
    case 'boolean':
      return 5;
    case 'null':
      return 4;
    case 'integer':
    case 'number':
      return NUMBER_BYTES;
    case 'array':
      return 2 + bounded(schema.maxItems, path) * (1 + largestOf(schema.items as TSchema, at('0')));
    default:
      return 2 + sum([...fields(schema, at), ...entries(schema, at)]);
  }
}

function fields({ properties = {} }: TSchema, at: (part: string) => string): readonly number[] {
  return Object.entries(properties as Record<string, TSchema>).map(
    ([name, field]) => name.length + 4 + largestOf(field, at(name)),
  );
}

function entries(
  { patternProperties = {}, maxProperties, propertyNames }: TSchema,
  at: (part: string) => string,
): readonly number[] {
  return Object.values(patternProperties as Record<string, TSchema>).map((value) => {
    const key = textBytes((propertyNames ?? {}) as TSchema, at('key'));
    return bounded(maxProperties, at('*')) * (key + 4 + largestOf(value, at('*')));
  });
}

function textBytes({ maxLength, pattern = '', format = '' }: TSchema, path: string): number {
  const known = FORMAT_BYTES[format as string];
  if (known !== undefined) return known;
  const digits = DIGITS.exec(pattern as string)?.[1];
  if (digits !== undefined) return 1 + Number(digits);
  // What is printable has no control characters, so nothing in it takes more than a quote's two bytes or its own.
  const isPlain = (pattern as string).includes('\\p{Cc}');
  return bounded(maxLength, path) * (isPlain ? PLAIN_BYTES : ESCAPED_BYTES);
}

function bounded(max: unknown, path: string): number {
  if (typeof max !== 'number') throw new Error(`${path} has no end`);
  return max;
}
