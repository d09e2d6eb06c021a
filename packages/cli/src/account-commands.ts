import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Asking } from './asking.js';
import { accountView, reportListView } from './views/accounts.js';

/** Commands about people: accounts, bans, reports. */
export function accountCommands(root: Command, asking: Asking): void {
  const account = root.command('account').description('accounts of people, by name or user id');
  account
    .command('show <account>')
    .description('who it is, and whether it may sign in')
    .action((name: string, _, at: Command) => asking.show(at, 'account.show', { account: name }, accountView));
  account
    .command('ban <account>')
    .description('it may not sign in; who is connected is sent away within seconds')
    .requiredOption('--reason <text>', 'why, for other operators')
    .addOption(new Option('--for <time>', 'how long: 30min, 12h, 7d; without it, for good').argParser(longTime))
    .action((name: string, { reason, for: forMs }: { reason: string; for?: number }, at: Command) =>
      asking.show(at, 'account.ban', { account: name, reason, ...(forMs !== undefined && { forMs }) }, accountView),
    );
  account
    .command('unban <account>')
    .description('ends every ban')
    .action((name: string, _, at: Command) => asking.show(at, 'account.unban', { account: name }, accountView));
  account
    .command('roles <account> [roles]')
    .description(
      'gives it these roles (with commas between them) and takes all others; they take effect within seconds',
    )
    .action((name: string, roles: string | undefined, _, at: Command) =>
      asking.show(at, 'account.roles', { account: name, roles: words(roles) }, accountView),
    );
  root
    .command('report')
    .description('what players report')
    .command('list')
    .description('the newest reports')
    .option('--about <account>', 'only those about this account')
    .option('--before <id>', 'those before this report')
    .addOption(new Option('--max <n>', 'so many').argParser(wholeNumber))
    .action((only: { readonly about?: string; readonly before?: string; readonly max?: number }, at: Command) =>
      asking.show(at, 'report.list', only, reportListView),
    );
}

const UNITS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function longTime(text: string): number {
  const [, amount, unit] = /^(\d{1,6})(min|h|d)$/.exec(text) ?? [];
  const ms = Number(amount) * UNITS[unit as keyof typeof UNITS];
  if (!(ms >= 1)) throw new InvalidArgumentError('a time such as 30min, 12h or 7d is expected');
  return ms;
}

function words(text = ''): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a number is expected');
  return Number(text);
}
