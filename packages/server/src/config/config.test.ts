import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { OPTION_DOCS } from '../generated/option-docs.js';
import { botsOf, checkConfig, parseConfig, readConfig } from './load.js';
import { configDocument, printConfig } from './print.js';
import { SECTIONS } from './sections.js';

const refusal = (text: string): string => {
  try {
    parseConfig(text, 'muster.toml');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

describe('configuration', () => {
  test('an empty file is the defaults', () => {
    const config = parseConfig('', 'muster.toml');
    for (const [name, section] of Object.entries(SECTIONS))
      expect(config[name as keyof typeof SECTIONS]).toEqual(section.defaults);
    expect(config.bots).toEqual([]);
    expect(config.externalIssuers).toEqual([]);
  });

  test('what is given replaces its default and nothing else', () => {
    const config = parseConfig('[heartbeat]\nselfFenceMs = 1_200\n[cluster]\nname = "eu-1"\n', 'muster.toml');
    expect(config.heartbeat.selfFenceMs).toBe(1_200);
    expect(config.heartbeat.beatMs).toBe(SECTIONS.heartbeat.defaults.beatMs);
    expect(config.cluster.name).toBe('eu-1');
  });

  test('an unknown name is refused with the nearest one', () => {
    expect(refusal('[heartbeat]\nselfFenseMs = 1')).toBe(
      'muster.toml: no option of [heartbeat] is called selfFenseMs; did you mean selfFenceMs?',
    );
    expect(refusal('[hartbeat]\n')).toBe('muster.toml: no section is called hartbeat; did you mean heartbeat?');
    expect(refusal('[[bots]]\nclientID = "a"')).toContain('did you mean clientId?');
    expect(refusal('[heartbeat]\ncompletelyElsewhere = 1')).not.toContain('did you mean');
  });

  test('a value of the wrong type is refused with both types', () => {
    expect(refusal('[heartbeat]\nbeatMs = "fast"')).toBe('muster.toml: [heartbeat] beatMs is a number, not a text');
    expect(refusal('[etcd]\nhosts = "one"')).toBe('muster.toml: [etcd] hosts is a list of texts, not a text');
    expect(refusal('heartbeat = 3')).toContain('heartbeat is a section');
  });

  test('options that contradict each other are refused by their component', () => {
    expect(refusal('[heartbeat]\nselfFenceMs = 5_000')).toContain('placeAgainMs');
    expect(refusal('[tls]\ncaFile = "ca.pem"')).toContain('together');
    expect(refusal('[cluster]\nname = "No Spaces"')).toContain('small letters');
    // Others could not dial port 0.
    expect(refusal('[process]\nadvertise = "10.0.0.1:0"')).toContain('advertise is host:port');
  });

  test('a syntax error names the file and shows the line', () => {
    expect(refusal('[heartbeat]\nbeatMs = ')).toMatch(/^muster\.toml: .*2: beatMs/);
  });

  test('what is printed reads back as itself, with every option explained', () => {
    const config = parseConfig('[heartbeat]\nbeatMs = 90\n', 'muster.toml');
    const printed = printConfig(config);
    expect(parseConfig(printed, 'printed')).toEqual(config);
    expect(printed).toContain('(default: 100)');
  });

  test('where everybody may sign in there is a bot for autohosts, unless others are named; elsewhere there is none', () => {
    const bot = '[[bots]]\nclientId = "host"\nsecret = "s"\n';
    const idsOf = (text: string) => botsOf(parseConfig(text, 'muster.toml')).map(({ clientId }) => clientId);
    expect(idsOf('[issuer]\nsignIn = "dev"\n')).toEqual(['autohost']);
    expect(idsOf(`[issuer]\nsignIn = "dev"\n${bot}`)).toEqual(['host']);
    expect(idsOf('')).toEqual([]);
    expect(idsOf(bot)).toEqual(['host']);
  });

  test('a bot has an id and a secret, and its secret is not printed', () => {
    const config = parseConfig('[[bots]]\nclientId = "autohost"\nsecret = "hunter2"\n', 'muster.toml');
    expect(config.bots).toEqual([{ clientId: 'autohost', secret: 'hunter2', name: 'autohost' }]);
    expect(botsOf(config)).toEqual(config.bots);
    expect(printConfig(config)).not.toContain('hunter2');
    expect(refusal('[[bots]]\nclientId = "autohost"')).toContain('has a secret');
  });

  test('an external issuer is known by name, keys and audience; symmetric algorithms are refused', () => {
    const one =
      '[[externalIssuers]]\nissuer = "https://id.example"\njwksUrl = "https://id.example/keys"\naudience = "muster"\n';
    expect(parseConfig(one, 'muster.toml').externalIssuers).toMatchObject([
      { issuer: 'https://id.example', accountClaim: 'sub' },
    ]);
    expect(refusal(`${one}algorithms = ["HS256"]`)).toContain('HS256');
    expect(refusal(`${one}audiense = "x"`)).toContain('did you mean audience?');
  });

  test('--set lays one option over the file, as TOML or as plain text', () => {
    const config = readConfig(undefined, ['heartbeat.beatMs=90', 'cluster.name=eu-2', 'etcd.hosts=["http://a:1"]']);
    expect([config.heartbeat.beatMs, config.cluster.name, config.etcd.hosts]).toEqual([90, 'eu-2', ['http://a:1']]);
    expect(() => readConfig(undefined, ['heartbeat.beatMs'])).toThrow('--set takes');
    expect(() => readConfig(undefined, ['heartbeat.beetMs=1'])).toThrow('did you mean beatMs?');
    expect(() => readConfig('/does/not/exist.toml')).toThrow('/does/not/exist.toml');
  });

  test('every option has its comment, and docs/config.md says the same (npm run docs writes it)', () => {
    for (const [name, section] of Object.entries(SECTIONS)) {
      for (const key of Object.keys(section.defaults)) {
        expect([name, key, (OPTION_DOCS[section.docs]?.[key] ?? '').length > 10]).toEqual([name, key, true]);
      }
    }
    expect(readFileSync(new URL('../../../../docs/config.md', import.meta.url), 'utf8')).toBe(configDocument());
  });

  test('a table with its own __proto__ is an unknown section, not a change to every object', () => {
    expect(() => checkConfig(JSON.parse('{"__proto__":{"polluted":1}}'), 'x')).toThrow(
      'no section is called __proto__',
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
