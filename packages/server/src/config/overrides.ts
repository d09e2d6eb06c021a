import { MusterError } from '@muster/ports';
import { parse } from 'smol-toml';

/** `section.option=value` as given on the command line; the value is TOML, or text where it is no TOML. */
export function applyOverrides(
  document: Readonly<Record<string, unknown>>,
  overrides: readonly string[],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...document };
  for (const override of overrides) {
    const match = /^([A-Za-z]+)\.([A-Za-z]+)=(.*)$/s.exec(override);
    if (!match) throw new MusterError('BAD_CONFIG', { details: `--set takes section.option=value, not ${override}` });
    const [, section, option, text] = match as unknown as [string, string, string, string];
    const table = Object.hasOwn(merged, section) ? (merged[section] as object) : {};
    merged[section] = { ...table, [option]: parseValue(text) };
  }
  return merged;
}

function parseValue(text: string): unknown {
  try {
    return parse(`value = ${text}`).value;
  } catch {
    return text;
  }
}
