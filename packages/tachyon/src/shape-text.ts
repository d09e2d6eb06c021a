import type { TSchema } from '@sinclair/typebox';

/** Writes schemas as people write types. Schemas with a title are written once, by name, wherever they are met. */
export class ShapeTexts {
  private readonly texts = new Map<string, { readonly text: string; readonly schema: TSchema }>();

  /** The shape, or its name where it has one. */
  shape(schema: TSchema): string {
    const { title } = schema;
    if (title === undefined) return this.written(schema);
    if (!this.texts.has(title)) {
      this.texts.set(title, { text: '', schema });
      this.texts.set(title, { text: this.written(schema), schema });
    }
    return title;
  }

  /** Every name that was used, with what it stands for and a word about it, by name. */
  named(): readonly { readonly name: string; readonly text: string; readonly description: string }[] {
    return [...this.texts]
      .map(([name, { text, schema }]) => ({ name, text, description: schema.description ?? '' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private written(schema: TSchema): string {
    if (Array.isArray(schema.anyOf)) return (schema.anyOf as TSchema[]).map((branch) => this.shape(branch)).join(' | ');
    if (Array.isArray(schema.allOf)) return (schema.allOf as TSchema[]).map((part) => this.shape(part)).join(' & ');
    if ('const' in schema) return JSON.stringify(schema.const);
    if (Array.isArray(schema.enum)) return schema.enum.map((value: unknown) => JSON.stringify(value)).join(' | ');
    if (schema.type === 'array') return this.list(schema);
    if (schema.type === 'object') return this.object(schema);
    const bounds = range(schema.minLength ?? schema.minimum, schema.maxLength ?? schema.maximum);
    return [schema.format ?? schema.type, bounds].filter(Boolean).join(' ');
  }

  private list(schema: TSchema): string {
    const item = this.shape(schema.items as TSchema);
    return `${/ [|&] /.test(item) ? `(${item})` : item}[${bounds(range(schema.minItems, schema.maxItems), schema)}]`;
  }

  private object(schema: TSchema): string {
    const required = new Set<string>(schema.required ?? []);
    const fields = Object.entries((schema.properties ?? {}) as Record<string, TSchema>).map(
      ([name, field]) => `${name}${required.has(name) ? '' : '?'}: ${this.shape(field)}`,
    );
    const keys = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>).map(
      (value) => `[key]: ${this.shape(value)}`,
    );
    const most = schema.maxProperties === undefined ? '' : ` ${bounds(range(undefined, schema.maxProperties), schema)}`;
    const all = [...fields, ...keys];
    return `${all.length === 0 ? '{}' : `{ ${all.join(', ')} }`}${most}`;
  }
}

/** With the length as JSON, where that has an end of its own. */
function bounds(range: string, { bytesMax }: TSchema): string {
  return [range, bytesMax === undefined ? '' : `≤ ${bytesMax} bytes`].filter(Boolean).join(', ');
}

function range(least: number | undefined, most: number | undefined): string {
  if (most === undefined || most === Number.MAX_SAFE_INTEGER) return least === undefined ? '' : `≥ ${least}`;
  return least === undefined ? `≤ ${most}` : `${least}–${most}`;
}
