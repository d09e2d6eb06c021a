// RFC 7396: an object says what is different, null takes away. What it is used on here has no null in it, so it can say everything.

/** A JSON object, as far as patches care. */
export type Fields = Readonly<Record<string, unknown>>;

/** `target` as the patch has it. Neither is changed; what the patch does not name is shared. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(own(result, key), value);
  }
  return result;
}

/**
 * The smallest patch that makes `after` of `before`; undefined where nothing is different.
 * @param whole names fields that are sent as they are after the change, with nothing left out: what is one value to whoever reads it.
 */
export function diffPatch(before: Fields, after: Fields, whole: ReadonlySet<string> = NONE): Fields | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = own(before, key);
    if (old === value) continue;
    if (!isObject(old) || !isObject(value)) {
      if (!isSame(old, value)) patch[key] = value;
      continue;
    }
    const inner = diffPatch(old, value, whole);
    if (inner) patch[key] = whole.has(key) ? { ...inner, ...value } : inner;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
}

const NONE: ReadonlySet<string> = new Set();
