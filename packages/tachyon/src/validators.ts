import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';
import { ANNOTATIONS, jsonBytes } from './bounds.js';
import { FORMATS } from './formats.js';
import { type Violation, violation } from './violation.js';

// Not all errors: a message with a thousand wrong fields is refused at the first.
const ajv = new Ajv({ allErrors: false, verbose: true, strict: true, formats: { ...FORMATS } });
ajv.addVocabulary([...ANNOTATIONS]);
ajv.addKeyword({
  keyword: 'bytesMax',
  schemaType: 'number',
  compile: (bytesMax: number) => (value: unknown) => jsonBytes(value) <= bytesMax,
  error: { message: ({ schema }) => `must NOT have more than ${schema} bytes` },
});

/** Compiled once per process: schemas are constants, and most processes need few of them. */
const compiled = new WeakMap<TSchema, ValidateFunction>();

export function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const made = ajv.compile(schema);
  compiled.set(schema, made);
  return made;
}

/** The first thing that is wrong with `data`, or undefined. */
export function violationOf(schema: TSchema, data: unknown): Violation | undefined {
  const validate = validatorOf(schema);
  return validate(data) ? undefined : violation(validate.errors ?? []);
}
