import type { AccountDocument, BanDocument, ReportListDocument } from '@muster/coordinator';
import { printable } from '../format/paint.js';
import { type Fact, facts, table } from '../format/table.js';
import { instant, since } from '../format/units.js';
import type { View } from './view.js';

export const accountView: View<AccountDocument> = (account, { paint, nowMs }) => {
  const { id, username, displayName, countryCode, roles, createdAt, banned, bans } = account;
  const list: Fact[] = [
    ['User', `${username} (${id})`],
    ['Shown as', displayName],
    ['Country', countryCode === '??' ? '' : countryCode],
    ['Roles', roles.join(', ')],
    ['Since', since(createdAt, nowMs)],
    banned
      ? ['Banned', banned.until === null ? 'for good' : `until ${instant(banned.until)}`, 'bad']
      : ['Banned', 'no'],
  ];
  const lines = facts(list, paint);
  if (bans.length === 0) return { lines, next: [] };
  const columns = [
    { title: 'BAN', cell: ({ id }: BanDocument) => id, align: 'right' as const },
    { title: 'AT', cell: ({ at }: BanDocument) => instant(at) },
    { title: 'UNTIL', cell: endOf },
    { title: 'REASON', cell: ({ reason }: BanDocument) => reason },
  ];
  return { lines: [...lines, '', ...table(columns, bans, paint)], next: [] };
};

function endOf({ until, lifted }: BanDocument): string {
  if (lifted) return `lifted ${instant(lifted.at)}`;
  return until === null ? 'for good' : instant(until);
}

export const reportListView: View<ReportListDocument> = ({ reports, about, next }) => ({
  lines:
    reports.length === 0
      ? ['No reports']
      : reports.flatMap(({ id, at, reporter, users, type, message }) => [
          `${id}  ${instant(at)}  ${printable(type)}: ${reporter} reports ${users.join(', ')}`,
          ...message.split('\n').flatMap((line) => (line === '' ? [] : [`    ${printable(line)}`])),
        ]),
  next: next === null ? [] : [`musterctl report list ${about === null ? '' : `--about ${about} `}--before ${next}`],
});
