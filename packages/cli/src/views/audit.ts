import type { AuditListDocument, AuditListEntry } from '@muster/coordinator';
import { ADMIN_EPOCH } from '@muster/ports';
import { printable } from '../format/paint.js';
import { instant } from '../format/units.js';
import type { View } from './view.js';

/** One order takes two lines, and a third where the glass was broken for it. */
export const auditListView: View<AuditListDocument> = ({ entries }, { paint }) => ({
  lines: entries.length === 0 ? ['Nothing was ordered'] : entries.flatMap((entry) => linesOf(entry, paint)),
  next: [],
});

function linesOf(entry: AuditListEntry, paint: Parameters<typeof auditListView>[1]['paint']): readonly string[] {
  const { at, who, command, arguments: args, epoch, result, reason } = entry;
  const isBroken = epoch === ADMIN_EPOCH;
  const end = result === '' ? 'nobody wrote how it ended' : printable(result);
  const words = Object.entries(args).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `${instant(at)}  ${printable([command, ...words].join(' '))}: ${end}`,
    `    by ${printable(who)}${isBroken ? '' : `, epoch ${epoch}`}`,
    ...(isBroken ? [`    ${paint('warn', `broke the glass: ${printable(reason)}`)}`] : []),
  ];
}
