import { readFileSync } from 'node:fs';
import { EXTERNAL_ISSUER_DEFAULTS, type ExternalIssuerOptions, oauthOptions } from '@muster/gateway';
import { causeOf, MusterError } from '@muster/ports';
import leven from 'leven';
import { parse } from 'smol-toml';
import { applyOverrides } from './overrides.js';
import { SECTIONS, type SectionName, type SectionValues } from './sections.js';

/** Every option of every section, with what was not given at its default. */
export type Config = { readonly [N in SectionName]: SectionValues<N> } & {
  readonly bots: readonly BotConfig[];
  readonly externalIssuers: readonly ExternalIssuerOptions[];
};

/** A machine's account, made or updated when a gateway starts. */
export interface BotConfig {
  readonly clientId: string;
  readonly secret: string;
  readonly name: string;
}

/** The bot that is there where nobody has to be known to sign in, so that an autohost needs no set-up. */
const DEV_BOT: BotConfig = { clientId: 'autohost', secret: 'autohost', name: 'autohost' };

/** Machines' accounts: those that are configured; without any, the one for development where the embedded issuer signs in everybody. */
export function botsOf({ bots, issuer }: Config): readonly BotConfig[] {
  return bots.length === 0 && issuer.signIn === 'dev' ? [DEV_BOT] : bots;
}

/** Longest distance at which a known name is offered for an unknown one. */
const TYPO_DISTANCE_MAX = 4;

/**
 * Reads a TOML file, or nothing where `path` is undefined, and lays `--set section.option=value` over it.
 * @throws MusterError BAD_CONFIG with the file and, for a syntax error, the line
 */
export function readConfig(path: string | undefined, overrides: readonly string[] = []): Config {
  const document = path === undefined ? {} : parseDocument(readText(path), path);
  return checkConfig(applyOverrides(document, overrides), path ?? 'command line');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw bad(`${path}: ${causeOf(error)}`);
  }
}

/** @throws MusterError BAD_CONFIG naming the key, and the nearest known one where it is unknown. */
export function parseConfig(text: string, source: string): Config {
  return checkConfig(parseDocument(text, source), source);
}

function parseDocument(text: string, source: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw bad(`${source}: ${causeOf(error)}`);
  }
}

/** The defaults with what `document` says: sections of options, and `bots`. @throws MusterError BAD_CONFIG */
export function checkConfig(document: Readonly<Record<string, unknown>>, source: string): Config {
  const known = [...Object.keys(SECTIONS), 'bots', 'externalIssuers'];
  for (const name of Object.keys(document)) if (!known.includes(name)) throw unknown(source, 'section', name, known);
  const config: Record<string, unknown> = {
    bots: bots(document.bots, source),
    externalIssuers: externalIssuers(document.externalIssuers, source),
  };
  for (const name of Object.keys(SECTIONS) as SectionName[]) config[name] = section(name, document[name] ?? {}, source);
  return config as Config;
}

function section(name: SectionName, given: unknown, source: string): unknown {
  if (!isTable(given)) throw bad(`${source}: ${name} is a section: [${name}] and its options below it`);
  const { defaults, check } = SECTIONS[name];
  const values = checkTable(`[${name}]`, given, defaults, source);
  try {
    return check(values as never);
  } catch (error) {
    throw bad(`${source}: [${name}]: ${causeOf(error)}`);
  }
}

function bots(given: unknown, source: string): readonly BotConfig[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw bad(`${source}: bots are written [[bots]]`);
  return given.map((bot: unknown, i) => {
    const where = `${source}: bot ${i + 1}`;
    if (!isTable(bot)) throw bad(`${where} is a table`);
    const known = ['clientId', 'secret', 'name'];
    for (const key of Object.keys(bot))
      if (!known.includes(key)) throw unknown(source, 'option of [[bots]]', key, known);
    const { clientId, secret, name = clientId } = bot;
    if (typeof clientId !== 'string' || clientId === '') throw bad(`${where} has a clientId`);
    if (typeof secret !== 'string' || secret === '') throw bad(`${where} has a secret`);
    if (typeof name !== 'string') throw bad(`${where}: name is a text`);
    return { clientId, secret, name };
  });
}

/** What an external issuer must be told beside its defaults. */
export const EXTERNAL_ISSUER_SHAPE = { issuer: '', jwksUrl: '', audience: '', ...EXTERNAL_ISSUER_DEFAULTS };

function externalIssuers(given: unknown, source: string): readonly ExternalIssuerOptions[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw bad(`${source}: external issuers are written [[externalIssuers]]`);
  const all = given.map((issuer: unknown, i) => {
    if (!isTable(issuer)) throw bad(`${source}: external issuer ${i + 1} is a table`);
    return checkTable('[[externalIssuers]]', issuer, EXTERNAL_ISSUER_SHAPE, source);
  });
  try {
    return oauthOptions({ external: all }).external;
  } catch (error) {
    throw bad(`${source}: [[externalIssuers]]: ${causeOf(error)}`);
  }
}

/** `shape` with what is given: known names and types only. */
function checkTable<O extends object>(
  where: string,
  given: Readonly<Record<string, unknown>>,
  shape: O,
  source: string,
): O {
  const table = { ...shape } as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(table, key)) throw unknown(source, `option of ${where}`, key, Object.keys(table));
    const wanted = kindOf(table[key]);
    if (kindOf(value) !== wanted) throw bad(`${source}: ${where} ${key} is ${wanted}, not ${kindOf(value)}`);
  }
  return { ...shape, ...given };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? 'a list of texts' : 'a mixed list';
  if (typeof value === 'bigint' || typeof value === 'number') return 'a number';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'true or false';
  return 'a table';
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function unknown(source: string, what: string, name: string, known: readonly string[]): MusterError {
  const nearest = known
    .map((candidate) => ({ candidate, distance: leven(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const hint = nearest && nearest.distance <= TYPO_DISTANCE_MAX ? `; did you mean ${nearest.candidate}?` : '';
  return bad(`${source}: no ${what} is called ${name}${hint}`);
}

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details });
}
