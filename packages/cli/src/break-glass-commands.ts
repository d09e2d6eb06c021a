import { readFileSync } from 'node:fs';
import type { BreakGlass } from '@muster/coordinator';
import { causeOf } from '@muster/ports';
import { type Command, Option } from 'commander';
import type { Asking } from './asking.js';
import { EXIT, Failure } from './failure.js';
import { auditListView } from './views/audit.js';
import { nodeGiveUpView } from './views/moves.js';
import { processRestartView } from './views/process.js';

interface GlassFlags {
  readonly breakGlass?: string;
  readonly reason?: string;
}

/** Orders at the admin epoch, and the list of all orders. */
export function breakGlassCommands(root: Command, asking: Asking, wholeNumber: (text: string) => number): void {
  const node = root.commands.find((command) => command.name() === 'node')!;
  withGlass(node.command('give-up <peer>'))
    .description('its backups take over now, however long its silence would be waited for (break glass)')
    .action((peer: string, flags: GlassFlags, at: Command) =>
      asking.show(at, 'node.give-up', { node: peer, ...glassOf(flags) }, nodeGiveUpView),
    );
  withGlass(root.command('process').description('any process of the cluster').command('restart <id>'))
    .description('hand off what it has and end; whoever started it starts it again')
    .action((id: string, flags: GlassFlags, at: Command) =>
      asking.show(at, 'process.restart', { peer: id, ...glassOf(flags) }, processRestartView),
    );
  root
    .command('audit')
    .description('what operators ordered')
    .command('list')
    .description('the newest orders')
    .addOption(new Option('--max <n>', 'so many').argParser(wholeNumber))
    .action((only: { readonly max?: number }, at: Command) => asking.show(at, 'audit.list', only, auditListView));
}

function withGlass(command: Command): Command {
  return command
    .option('--break-glass <file>', 'order it at the admin epoch: the file holds the credential')
    .option('--reason <text>', 'why the glass is broken; it stands in the audit');
}

/** @throws Failure where one is without the other, or the file cannot be read */
function glassOf({ breakGlass: file, reason }: GlassFlags): { readonly breakGlass?: BreakGlass } {
  if (file === undefined && reason === undefined) return {};
  if (file === undefined || reason === undefined)
    throw new Failure(EXIT.usage, '--break-glass <file> and --reason <text> belong together');
  try {
    const [credential = ''] = readFileSync(file, 'utf8').split('\n', 1);
    return { breakGlass: { credential: credential.trim(), reason } };
  } catch (error) {
    throw new Failure(EXIT.usage, `the credential cannot be read: ${causeOf(error)}`);
  }
}
