import type { ShardDocument, ShardListDocument, ShardShowDocument } from '@muster/coordinator';
import { type Column, facts, table } from '../format/table.js';
import { count, counted } from '../format/units.js';
import { idOf, type View } from './view.js';

const COLUMNS: readonly Column<ShardDocument>[] = [
  { title: 'SHARD', cell: ({ shard }) => String(shard), align: 'right' },
  {
    title: 'OWNER',
    cell: ({ owner }) => idOf(owner) || 'nobody',
    tone: ({ owner }) => (owner === '' ? 'bad' : 'plain'),
  },
  { title: 'BACKUP', cell: ({ backup }) => idOf(backup), optional: true },
  { title: 'LEARNER', cell: ({ learner }) => idOf(learner), optional: true },
  { title: 'TERM', cell: ({ term }) => count(term), align: 'right' },
  { title: 'STATE', cell: ({ state }) => state, tone: ({ state }) => (state === 'moving' ? 'warn' : 'plain') },
  { title: 'MOVE', cell: ({ move }) => move, optional: true },
];

export const shardListView: View<ShardListDocument> = ({ epoch, counts, shards }, { paint }) => {
  const { total, owned, unowned, moving, backed } = counts;
  const head = `${count(total)} shards: ${count(owned)} owned, ${count(backed)} of them backed, ${count(unowned)} unowned, ${count(moving)} moving; epoch ${epoch}`;
  const homeless = shards.find(({ owner }) => owner === '');
  return {
    lines: [
      paint(unowned > 0 ? 'bad' : 'strong', head),
      // Fewer than all: somebody asked for one node's.
      ...(shards.length < total ? [paint('dim', `${counted(shards.length, 'shard')} shown`)] : []),
      ...(shards.length > 0 ? ['', ...table(COLUMNS, shards, paint)] : []),
    ],
    next: homeless ? [`musterctl shard show ${homeless.shard}`, 'musterctl node list'] : [],
  };
};

export const shardShowView: View<ShardShowDocument> = (
  { epoch, shard, ownerAddress, backupAddress, occupied, storeKey },
  { paint },
) => ({
  lines: facts(
    [
      ['Shard', `${shard.shard}, as epoch ${epoch} has it`],
      [
        'Owner',
        shard.owner === '' ? 'nobody' : `${shard.owner}${ownerAddress ? ` at ${ownerAddress}` : ''}`,
        shard.owner === '' ? 'bad' : 'plain',
      ],
      ['Backup', backupOf(shard, backupAddress), shard.backup === '' ? 'warn' : 'plain'],
      ['Learner', shard.learner],
      ['Term', count(shard.term)],
      [
        'State',
        shard.move ? `${shard.state}, move ${shard.move}` : shard.state,
        shard.state === 'moving' ? 'warn' : 'plain',
      ],
      ['Actors', occupied === null ? 'the owner has not said yet' : occupied ? 'some' : 'none'],
      ['Store key', storeKey],
    ],
    paint,
  ),
  next: shard.owner === '' ? ['musterctl node list'] : [`musterctl node show ${idOf(shard.owner)}`],
});

function backupOf({ backup, learner, owner }: ShardDocument, address: string): string {
  if (backup !== '') return `${backup}${address ? ` at ${address}` : ''}`;
  if (owner === '') return '';
  return learner === ''
    ? 'none: storage is the second place, and answers wait for it'
    : 'none until the learner has caught up';
}

/** 1, 2, 3, 7 → `1–3`, `7` */
export function ranges(numbers: readonly number[]): string[] {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found: { from: number; to: number }[] = [];
  for (const n of sorted) {
    const last = found.at(-1);
    if (last && n === last.to + 1) last.to = n;
    else found.push({ from: n, to: n });
  }
  return found.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
}
