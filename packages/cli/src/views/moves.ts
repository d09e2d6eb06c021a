import type { MoveDocument, MoveListDocument, NodeOrderDocument, ShardMoveDocument } from '@muster/coordinator';
import { printable } from '../format/paint.js';
import { type Column, table } from '../format/table.js';
import { count } from '../format/units.js';
import { idOf, type View } from './view.js';

const STATES: Readonly<Record<NodeOrderDocument['state'], string>> = {
  up: 'takes shards again',
  cordoned: 'keeps what it has and gets nothing more',
  draining: 'hands off everything and gets nothing more; it serves until it has nothing left',
};

export const nodeOrderView: View<NodeOrderDocument> = ({ node, state }) => ({
  lines: [`${printable(idOf(node))} ${STATES[state] ?? state}`],
  next: state === 'draining' ? ['musterctl move list', `musterctl node show ${printable(idOf(node))}`] : [],
});

export const shardMoveView: View<ShardMoveDocument> = ({ move, shard, from, to }) => ({
  lines: [`Shard ${shard} moves from ${printable(idOf(from))} to ${printable(idOf(to))}: move ${printable(move)}`],
  next: ['musterctl move list'],
});

type Row = MoveDocument | (Omit<MoveDocument, 'phase'> & { readonly end: string });

const columns = (last: string, of: (row: Row) => string): readonly Column<Row>[] => [
  { title: 'MOVE', cell: ({ move }) => move },
  { title: 'SHARD', cell: ({ shard }) => String(shard), align: 'right' },
  { title: 'FROM', cell: ({ from }) => idOf(from) },
  { title: 'TO', cell: ({ to }) => idOf(to) },
  { title: 'WHY', cell: ({ why }) => why },
  { title: last, cell: of, tone: (row) => ('end' in row && row.end !== 'moved' ? 'warn' : 'plain') },
];

export const moveListView: View<MoveListDocument> = ({ epoch, moves, ended }, { paint }) => ({
  lines: [
    paint('strong', `${count(moves.length)} under way; epoch ${epoch}`),
    ...(moves.length > 0
      ? [
          '',
          ...table<Row>(
            columns('PHASE', (row) => ('phase' in row ? row.phase : '')),
            moves,
            paint,
          ),
        ]
      : []),
    ...(ended.length > 0
      ? [
          '',
          ...table<Row>(
            columns('END', (row) => ('end' in row ? row.end : '')),
            ended,
            paint,
          ),
        ]
      : []),
  ],
  next: [],
});
