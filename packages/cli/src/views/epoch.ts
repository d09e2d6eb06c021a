import type { EpochShowDocument } from '@muster/coordinator';
import { facts } from '../format/table.js';
import { count, since } from '../format/units.js';
import type { View } from './view.js';

const REASONS: Readonly<Record<string, string>> = {
  first: 'nobody led before',
  former: 'an earlier run of the same coordinator led before',
  refused: 'the leader before was gone: its address refused connections',
  silent: 'the leader before was silent',
};

export const epochShowView: View<EpochShowDocument> = (
  { epoch, leader, since: from, reason, attempt, goodForMs },
  { paint, nowMs },
) => ({
  lines: facts(
    [
      ['Epoch', count(epoch)],
      ['Leader', leader],
      ['Since', since(from, nowMs)],
      ['Reason', REASONS[reason] ?? reason],
      ['Attempt', attempt],
      goodForMs > 0
        ? ['Leads', `confirmed for another ${count(goodForMs)} ms`, 'good']
        : ['Leads', 'it cannot confirm that it leads: members will fence themselves', 'bad'],
    ],
    paint,
  ),
  next: goodForMs > 0 ? [] : ['musterctl coordinator list', 'musterctl status'],
});
