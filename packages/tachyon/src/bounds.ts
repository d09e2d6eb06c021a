import { type SchemaOptions, type StringOptions, type TSchema, Type } from '@sinclair/typebox';
import { LIMITS } from './limits.js';

// Builders of schemas with an end. Three keywords are ours:
//  `oursAlone` lists what the published schema does not ask: keywords of this schema (`maxLength`), or `properties/<name>` and
//    `required/<name>` of an object. The test that compares both takes away exactly these and nothing else.
//  `bytesMax` is the most that a value may have as compact JSON in UTF-8. Bounds of parts multiply: ours of a frame must not.
//  `says` is what a client reads where the validator's own words would say nothing, a pattern's above all.

/** Annotations that a validator must know of to pass over. */
export const ANNOTATIONS = ['oursAlone', 'says'] as const;

/** No control characters, lone surrogates, line separators or switches of writing direction: what would break a line on somebody's screen. */
const PRINTABLE = '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\u202a-\\u202e\\u2066-\\u2069]*$';
const PRINTABLE_SAYS = 'must have no control characters';

/** Any text of at most `maxLength` characters (code points). */
export function Text(maxLength: number, options: StringOptions = {}) {
  return Type.String({ ...options, maxLength, oursAlone: ['maxLength'] });
}

/** Bytes as text: nothing in it needs an escape. */
export function Base64(maxLength: number) {
  return Type.String({
    maxLength,
    bytesMax: maxLength + 2,
    description: 'Base64.',
    oursAlone: ['maxLength', 'bytesMax'],
  });
}

/** What no database keeps, and what is no character: NUL and lone surrogates. */
const STORABLE = '^[^\\u0000\\p{Cs}]*$';

/** A text of several lines that is kept. `oursAlone`: what else the published schema does not ask. */
export function Prose(options: StringOptions & { readonly oursAlone?: readonly string[] } = {}) {
  return Type.String({
    ...options,
    pattern: STORABLE,
    says: 'must have no NUL and no half characters',
    oursAlone: [...(options.oursAlone ?? []), 'pattern'],
  });
}

/** A text that people read on one line. */
export function Name(maxLength: number = LIMITS.nameLengthMax, options: StringOptions = {}) {
  return Type.String({
    ...options,
    minLength: 1,
    maxLength,
    pattern: PRINTABLE,
    says: PRINTABLE_SAYS,
    oursAlone: ['minLength', 'maxLength', 'pattern'],
  });
}

/** A name whose greatest length (and least, if any) the published schema states too. */
export function PublishedName(bounds: { readonly minLength?: number; readonly maxLength: number }) {
  const least = bounds.minLength === undefined ? { minLength: 1 } : {};
  return Type.String({
    ...bounds,
    ...least,
    pattern: PRINTABLE,
    says: PRINTABLE_SAYS,
    oursAlone: [...Object.keys(least), 'pattern'],
  });
}

/** The id of a lobby, a party and the like. */
export function Id(options: StringOptions = {}) {
  return Name(LIMITS.idLengthMax, options);
}

/** At most `maxItems`, and where it is said `bytesMax`. */
export function List<T extends TSchema>(item: T, maxItems: number, options: SchemaOptions & Partial<Bytes> = {}) {
  return Type.Array(item, {
    ...options,
    maxItems,
    oursAlone: ['maxItems', ...('bytesMax' in options ? ['bytesMax'] : [])],
  });
}

/** An object whose keys are data: at most `maxProperties`, and where it is said `bytesMax`. */
export function Dictionary<T extends TSchema>(value: T, maxProperties: number, bytes: Bytes | undefined = undefined) {
  return Type.Record(Type.String(), value, {
    ...bytes,
    maxProperties,
    propertyNames: { type: 'string', maxLength: LIMITS.keyLengthMax, pattern: PRINTABLE, says: PRINTABLE_SAYS },
    oursAlone: ['maxProperties', 'propertyNames', ...(bytes ? ['bytesMax'] : [])],
  });
}

interface Bytes {
  readonly bytesMax: number;
}

/** Length of a value as compact JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** A whole number from `minimum`, which the published schema states, to `maximum`, which it does not. */
export function Count(minimum: number, maximum: number) {
  return Type.Integer({ minimum, maximum, oursAlone: ['maximum'] });
}

/** One of these texts. */
export function OneOf<const Values extends readonly string[]>(...values: Values) {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: values, says: `must be one of ${values.join(', ')}` });
}

export function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}
