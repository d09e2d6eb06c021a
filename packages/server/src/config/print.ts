import { OPTION_DOCS } from '../generated/option-docs.js';
import { type Config, EXTERNAL_ISSUER_SHAPE } from './load.js';
import { SECTIONS, type SectionName } from './sections.js';

const WIDTH = 110;

/** The configuration as a TOML file that reads back as itself: every option with what it means, its unit being the end of its name, and its default. */
export function printConfig(config: Config): string {
  const parts = (Object.keys(SECTIONS) as SectionName[]).map((name) => printSection(name, config[name]));
  const bots = config.bots.map((bot) =>
    [
      '[[bots]]',
      `clientId = ${toml(bot.clientId)}`,
      '# The secret is not shown.',
      `secret = "…"`,
      `name = ${toml(bot.name)}`,
      '',
    ].join('\n'),
  );
  return [...parts, ...bots].join('\n');
}

function printSection(name: SectionName, values: object): string {
  const { about, docs } = SECTIONS[name];
  const defaults: Readonly<Record<string, unknown>> = { ...SECTIONS[name].defaults };
  const lines = [...comment(about), `[${name}]`];
  for (const [key, value] of Object.entries(values)) {
    const standard = defaults[key];
    const changed = toml(value) === toml(standard) ? '' : ` (default: ${toml(standard)})`;
    lines.push(...comment(`${OPTION_DOCS[docs]?.[key] ?? ''}${changed}`), `${key} = ${toml(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** docs/config.md: every option, its default and what it means. */
export function configDocument(): string {
  const lines = [
    '# Configuration',
    '',
    'One TOML file for every role; a process reads the sections it needs. `npm run muster -- config print` shows it with the values in force, `config check`',
    'only checks. An unknown name is refused. The end of a name is its unit (`Ms`: milliseconds). Made from the comments in the code by `npm run docs`.',
    '',
  ];
  for (const name of Object.keys(SECTIONS) as SectionName[]) {
    const { about, docs, defaults } = SECTIONS[name];
    lines.push(`## [${name}]`, '', about, '', '| option | default | meaning |', '|---|---|---|');
    for (const [key, value] of Object.entries(defaults)) {
      lines.push(`| \`${key}\` | \`${toml(value)}\` | ${(OPTION_DOCS[docs]?.[key] ?? '').replaceAll('|', '\\|')} |`);
    }
    lines.push('');
  }
  lines.push(
    '## [[externalIssuers]]',
    '',
    'OpenID Connect providers whose access tokens are taken. `issuer`, `jwksUrl` and `audience` are needed; the rest has defaults.',
    '',
    '| option | default | meaning |',
    '|---|---|---|',
    ...Object.entries(EXTERNAL_ISSUER_SHAPE).map(([key, value]) => {
      const meaning = (OPTION_DOCS.ExternalIssuerOptions?.[key] ?? '').replaceAll('|', '\\|');
      return `| \`${key}\` | \`${toml(value)}\` | ${meaning} |`;
    }),
    '',
    '## [[bots]]',
    '',
    'Machine accounts (autohosts) that sign in with client credentials; made or updated when a gateway starts. Without any, and with `issuer.signIn = "dev"`',
    'as `npm start` and `npm run cluster` have it, there is `autohost` with the secret `autohost`.',
    '',
    '| option | meaning |',
    '|---|---|',
    '| `clientId` | OAuth2 client id |',
    '| `secret` | OAuth2 client secret |',
    '| `name` | shown to people; the client id where absent |',
    '',
  );
  return lines.join('\n');
}

function toml(value: unknown): string {
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value);
}

function comment(text: string): string[] {
  if (text === '') return [];
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
