import { parseEntity } from '@muster/ports';
import { Command, InvalidArgumentError, Option } from 'commander';
import { accountCommands } from './account-commands.js';
import { adminAddresses, DEFAULT_ADMIN } from './admin-address.js';
import { Asking, type RolloutFlags } from './asking.js';
import { breakGlassCommands } from './break-glass-commands.js';
import { Failure } from './failure.js';
import { duration } from './format/units.js';
import { movingCommands } from './moving-commands.js';
import { type CliOptions, defaultCliOptions } from './options.js';
import { ROLLOUT_ROLES, type RolloutRole } from './rollout.js';
import type { Terminal } from './terminal.js';
import { entityShowView, entityTellView } from './views/entity.js';
import { entityListView } from './views/entity-orders.js';
import { epochShowView } from './views/epoch.js';
import { coordinatorListView, nodeListView, nodeShowView } from './views/members.js';
import { shardListView, shardShowView } from './views/shards.js';
import { statusView } from './views/status.js';

/** Draining may take 30 s, a new database connection and every backup of its shards as long again. */
const ROLLOUT_STEP_MS = 120_000;

const EXIT_CODES = `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 conflict or stale, 6 unreachable or too late.
More: docs/musterctl.md`;

/** `musterctl <noun> <verb>`. Actions throw Failure. */
export function program(terminal: Terminal, tuning: Partial<CliOptions> = {}): Command {
  const defaults = { ...defaultCliOptions, ...tuning };
  const root = new Command('musterctl').description(
    'Looks at a running Muster cluster, and moves things in it, through its admin API.',
  );
  root
    .addOption(
      new Option('--admin <urls>', 'admin API of a coordinator; several with commas are tried in turn')
        .env('MUSTER_ADMIN')
        .argParser(addresses)
        .default([new URL(DEFAULT_ADMIN)], DEFAULT_ADMIN),
    )
    .option('--json', 'print the answer as JSON, one document per line')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for an answer: 500ms, 3s, 1min')
        .argParser(milliseconds)
        .default(defaults.timeoutMs, duration(defaults.timeoutMs)),
    )
    .option('--no-color', 'plain text, as with NO_COLOR')
    .addHelpText('after', EXIT_CODES);
  lookCommands(root, new Asking(terminal, defaults));
  return prepared(root, terminal, 'musterctl');
}

function lookCommands(root: Command, asking: Asking): void {
  root
    .command('status')
    .description('how the cluster is: problems first')
    .action((_, at: Command) => asking.show(at, 'status', {}, statusView));
  const node = root.command('node').description('compute nodes and gateways');
  node
    .command('list')
    .description('every node and gateway with its load')
    .action((_, at: Command) => asking.show(at, 'node.list', {}, nodeListView));
  node
    .command('show <id>')
    .description('one compute node; the beginning of its id is enough')
    .action((id: string, _, at: Command) => asking.show(at, 'node.show', { node: id }, nodeShowView));
  const shard = root.command('shard').description('who owns what');
  shard
    .command('list')
    .description('every shard with its owner')
    .option('--node <id>', 'only what this node owns')
    .action((only: { readonly node?: string }, at: Command) => asking.show(at, 'shard.list', only, shardListView));
  shard
    .command('show')
    .argument('<n>', 'its number', shardNumber)
    .description('one shard')
    .action((n: number, _, at: Command) => asking.show(at, 'shard.show', { shard: n }, shardShowView));
  const entities = root.command('entity').description('virtual actors');
  entities
    .command('list')
    .description('those that live in shards of their own')
    .action((_, at: Command) => asking.show(at, 'entity.list', {}, entityListView));
  entities
    .command('tell')
    .argument('<kind/id>', 'such as match/75bfc493-2b9d-495d-a453-06722fdca2ea', entity)
    .argument('<command>', 'one that takes orders from operators, such as kill')
    .argument('[data]', 'its data as JSON', json)
    .description('gives an actor an order, once')
    .action((name: string, command: string, data: unknown, _, at: Command) =>
      asking.show(at, 'entity.tell', { entity: name, command, ...(data !== undefined && { data }) }, entityTellView),
    );
  entities
    .command('show')
    .argument('<kind/id>', 'such as player/17', entity)
    .description('where an entity lives and what its owner knows of it')
    .action((name: string, _, at: Command) => asking.show(at, 'entity.show', { entity: name }, entityShowView));
  root
    .command('epoch')
    .description("the coordinators' regime")
    .command('show')
    .description('who leads, since when and why')
    .action((_, at: Command) => asking.show(at, 'epoch.show', {}, epochShowView));
  root
    .command('coordinator')
    .description('leader, vice and standbys')
    .command('list')
    .description('every coordinator')
    .action((_, at: Command) => asking.show(at, 'coordinator.list', {}, coordinatorListView));
  movingCommands(root, asking, { milliseconds, shardNumber, entity });
  accountCommands(root, asking);
  breakGlassCommands(root, asking, shardNumber);
  root
    .command('rollout')
    .description('the whole cluster, one process at a time')
    .command('restart')
    .description('each process hands off what it has, ends and is started again; the next one when all is well')
    .option('--roles <list>', `only these, of ${ROLLOUT_ROLES.join(',')}`, rolloutRoles, ROLLOUT_ROLES)
    .option('--from <id>', 'go on with this process: those before it were restarted already')
    .option('--force', 'though the cluster is not at rest', false)
    .addOption(
      new Option('--step-timeout <time>', 'longest that one process may take, until all is well again')
        .argParser(milliseconds)
        .default(ROLLOUT_STEP_MS, duration(ROLLOUT_STEP_MS)),
    )
    .action((flags: RolloutFlags, at: Command) => asking.rollout(at, flags));
  root
    .command('events')
    .description('what happens in the cluster, as it happens')
    .requiredOption('--follow', 'until Ctrl-C; connects again after a change of leader')
    .action((_, at: Command) => asking.events(at));
}

/** Errors are thrown, texts go through the terminal, and every help says the common options: for all commands below. */
function prepared(command: Command, terminal: Terminal, path: string): Command {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text.replace(/^error: /, 'musterctl: ')),
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => false,
    })
    .showHelpAfterError(`try: ${path} --help`);
  for (const sub of command.commands) prepared(sub, terminal, `${path} ${sub.name()}`);
  return command;
}

/** An empty text is a variable that was unset in a hurry: the default. */
function addresses(text: string): readonly URL[] {
  try {
    const urls = adminAddresses(text);
    return urls.length > 0 ? urls : [new URL(DEFAULT_ADMIN)];
  } catch (error) {
    if (error instanceof Failure) throw new InvalidArgumentError(`${error.message}: ${error.hint}`);
    throw error;
  }
}

function milliseconds(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|min)?$/.exec(text) ?? [];
  const ms = Number(amount) * { ms: 1, s: 1_000, min: 60_000 }[unit as 'ms' | 's' | 'min'];
  if (!(ms >= 1 && ms <= 3_600_000)) throw new InvalidArgumentError('a time such as 500ms, 5s or 1min is expected');
  return ms;
}

function rolloutRoles(text: string): readonly RolloutRole[] {
  const given = text.split(',').map((role) => role.trim());
  const wrong = given.find((role) => !(ROLLOUT_ROLES as readonly string[]).includes(role));
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong} is none of ${ROLLOUT_ROLES.join(', ')}`);
  return ROLLOUT_ROLES.filter((role) => given.includes(role));
}

function shardNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a shard is a number');
  return Number(text);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('JSON is expected');
  }
}

function entity(text: string): string {
  try {
    parseEntity(text);
    return text;
  } catch {
    throw new InvalidArgumentError('kind/id is expected, such as player/17');
  }
}
