import type { EntityListDocument, EntityOrderDocument } from '@muster/coordinator';
import { printable } from '../format/paint.js';
import { type Column, table } from '../format/table.js';
import { count } from '../format/units.js';
import { idOf, type View } from './view.js';

export const entityOrderView: View<EntityOrderDocument> = ({ order, entity, wish, from, exists, shard, to }) => ({
  lines: [
    `${printable(entity)} ${route(wish, from, shard)}${to === '' ? '' : ` at ${printable(idOf(to))}`}${wish === 'pin' ? ', to stay' : ''}: order ${printable(order)}`,
    ...(exists === false && wish !== 'unpin'
      ? ['its owner has nothing of it: it comes to life there with its first message']
      : []),
  ],
  next: ['musterctl move list', `musterctl entity show ${printable(entity)}`],
});

function route(wish: EntityOrderDocument['wish'], from: number, shard: number): string {
  if (from === shard) return `is in shard ${shard}`;
  return wish === 'unpin' ? `goes home from shard ${from} to ${shard}` : `goes from shard ${from} to ${shard}, alone`;
}

const COLUMNS: readonly Column<EntityListDocument['entities'][number]>[] = [
  { title: 'ENTITY', cell: ({ entity }) => entity },
  { title: 'SHARD', cell: ({ shard }) => String(shard), align: 'right' },
  { title: 'HOME', cell: ({ home }) => String(home), align: 'right' },
  {
    title: 'OWNER',
    cell: ({ owner }) => (owner === '' ? 'nobody' : idOf(owner)),
    tone: ({ owner }) => (owner === '' ? 'bad' : 'plain'),
  },
  { title: 'BACKUP', cell: ({ backup }) => (backup === '' ? '–' : idOf(backup)) },
  { title: 'PINNED', cell: ({ pinned }) => (pinned ? 'pinned' : '') },
];

export const entityListView: View<EntityListDocument> = ({ epoch, entities, max }, { paint }) => ({
  lines: [
    paint('strong', `${count(entities.length)} of ${count(max)} shards for single entities are taken; epoch ${epoch}`),
    ...(entities.length > 0 ? ['', ...table(COLUMNS, entities, paint)] : []),
  ],
  next: [],
});
