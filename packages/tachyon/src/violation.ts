import type { ErrorObject } from 'ajv';

/** The one violation worth telling. */
export interface Violation {
  /** JSON pointer within the data. */
  readonly path: string;
  readonly keyword: string;
  readonly text: string;
}

interface Tag {
  readonly path: string;
  readonly expected: string;
}

/**
 * Chooses among a validator's errors (made with `verbose`). A union (`anyOf`) reports an error of each of its branches; the sender
 * meant the branch whose constant tag fits, so the errors of the others say nothing. Where no tag fits, the tag itself is wrong.
 */
export function violation(errors: readonly ErrorObject[]): Violation {
  const tags = errors.map(wrongTag);
  const meant = errors.find((error, i) => error.keyword !== 'anyOf' && tags[i] === undefined);
  if (meant) return { path: meant.instancePath, keyword: meant.keyword, text: wordsOf(meant) };
  const wrong = tags.flatMap((tag) => tag ?? []);
  const path = wrong[0]?.path ?? '';
  const expected = wrong.filter((tag) => tag.path === path).map((tag) => tag.expected);
  return { path, keyword: 'const', text: `must be one of ${[...new Set(expected)].join(', ')}` };
}

/** What the schema says of itself where the validator's own words would not help: it quotes patterns and hides lists. */
function wordsOf({ keyword, parentSchema, message }: ErrorObject): string {
  const says: unknown = keyword === 'pattern' || keyword === 'enum' ? parentSchema?.says : undefined;
  return typeof says === 'string' ? says : (message ?? 'is not valid');
}

/** The tag of a union's branch that the data does not have, where that is why the branch does not fit. */
function wrongTag(error: ErrorObject): Tag | undefined {
  if (!/\/anyOf\/\d+/.test(error.schemaPath)) return undefined;
  if (error.keyword === 'const') return { path: error.instancePath, expected: String(error.schema) };
  // Missing properties are reported before wrong ones: the branch's own tag has to be looked at.
  if (error.keyword !== 'required') return undefined;
  const properties = (error.parentSchema?.properties ?? {}) as Readonly<Record<string, { readonly const?: unknown }>>;
  const data = error.data as Readonly<Record<string, unknown>>;
  const name = Object.keys(properties).find(
    (key) => 'const' in properties[key]! && properties[key].const !== data[key],
  );
  return name === undefined
    ? undefined
    : { path: `${error.instancePath}/${name}`, expected: String(properties[name]!.const) };
}
