import type { TSchema } from '@sinclair/typebox';
import { validatorOf } from './validators.js';

/** Makes of data that fits a schema what has nothing else in it: itself, where that is so already. */
type Projection = (data: unknown) => unknown;
type Fields = Readonly<Record<string, unknown>>;

const projections = new WeakMap<TSchema, Projection>();

/**
 * Objects of the protocol are open: clients of other versions send more than we know. What we do not know goes no further than here,
 * else a client could keep 64 KiB of its own in any actor's replicated state, and have it sent to everybody in a lobby.
 * @param data fits the schema.
 */
export function knownPartOf(schema: TSchema, data: unknown): unknown {
  const known = projections.get(schema);
  if (known) return known(data);
  const made = projectionOf(schema);
  projections.set(schema, made);
  return made(data);
}

function projectionOf(schema: TSchema): Projection {
  if (Array.isArray(schema.anyOf)) return union(schema.anyOf as readonly TSchema[]);
  if (Array.isArray(schema.allOf)) {
    const parts = (schema.allOf as readonly TSchema[]).map(projectionOf);
    return (data) => Object.assign({}, ...parts.map((part) => part(data)));
  }
  if (schema.type === 'array') {
    const entry = projectionOf(schema.items as TSchema);
    return (data) => {
      const entries = data as readonly unknown[];
      const known = entries.map(entry);
      return known.every((one, i) => one === entries[i]) ? entries : known;
    };
  }
  return schema.type === 'object' ? object(schema) : asItIs;
}

/** The first branch that fits, as the schema means it. */
function union(branches: readonly TSchema[]): Projection {
  const candidates = branches.map((branch) => ({ fits: validatorOf(branch), projection: projectionOf(branch) }));
  return (data) => candidates.find(({ fits }) => fits(data))?.projection(data);
}

function object(schema: TSchema): Projection {
  const named = Object.entries((schema.properties ?? {}) as Record<string, TSchema>).map(
    ([name, field]) => [name, projectionOf(field)] as const,
  );
  // A dictionary has one pattern, and it fits every key that passed.
  const [other] = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>).map(projectionOf);
  const names = new Set(named.map(([name]) => name));
  const nested = named.filter(([, field]) => field !== asItIs);
  return (data) => {
    const fields = data as Fields;
    // Most clients send what we know: that is not copied.
    if (!other && isKnown(fields, names, nested)) return fields;
    const result: Record<string, unknown> = {};
    for (const [name, field] of named) if (Object.hasOwn(fields, name)) result[name] = field(fields[name]);
    if (other) for (const [key, value] of Object.entries(fields)) result[key] = other(value);
    return result;
  };
}

/** Nothing in it is unknown to the schema. */
function isKnown(
  fields: Fields,
  names: ReadonlySet<string>,
  nested: readonly (readonly [string, Projection])[],
): boolean {
  for (const name in fields) if (!names.has(name)) return false;
  for (const [name, field] of nested)
    if (Object.hasOwn(fields, name) && field(fields[name]) !== fields[name]) return false;
  return true;
}

/** What has no fields. */
const asItIs: Projection = (data) => data;
