import type {
  MoveDocument,
  MoveListDocument,
  NodeForgetDocument,
  NodeGiveUpDocument,
  NodeOrderDocument,
  RebalanceDocument,
  ShardMoveDocument,
} from '@muster/coordinator';
import { printable } from '../format/paint.js';
import { type Column, table } from '../format/table.js';
import { count, counted } from '../format/units.js';
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

export const nodeForgetView: View<NodeForgetDocument> = ({ node, shards }) => ({
  lines: [`${printable(node)} counts as dead for good; ${counted(shards, 'shard')} named it`],
  next: ['musterctl status'],
});

export const nodeGiveUpView: View<NodeGiveUpDocument> = ({ node, backed, waiting }) => ({
  lines: [
    `${printable(node)} is not waited for: ${counted(backed, 'shard')} go on at their backups` +
      (waiting > 0 ? `; ${count(waiting)} without one still wait` : ''),
  ],
  next: ['musterctl status', 'musterctl audit list'],
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

type OrderRow = MoveListDocument['entities'][number] | MoveListDocument['endedEntities'][number];

const ORDER_COLUMNS: readonly Column<OrderRow>[] = [
  { title: 'ORDER', cell: ({ order }) => order },
  { title: 'ENTITY', cell: ({ entity }) => entity },
  { title: 'WISH', cell: ({ wish }) => wish },
  { title: 'SHARD', cell: ({ shard }) => String(shard), align: 'right' },
  { title: 'TO', cell: ({ to }) => (to === '' ? '–' : idOf(to)) },
  {
    title: 'PHASE OR END',
    cell: (row) => ('phase' in row ? row.phase : row.end),
    tone: (row) => ('end' in row && row.end !== 'done' ? 'warn' : 'plain'),
  },
];

export const moveListView: View<MoveListDocument> = ({ epoch, moves, ended, entities, endedEntities }, { paint }) => ({
  lines: [
    paint('strong', `${count(moves.length + entities.length)} under way; epoch ${epoch}`),
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
    ...(entities.length + endedEntities.length > 0
      ? ['', ...table<OrderRow>(ORDER_COLUMNS, [...entities, ...endedEntities], paint)]
      : []),
  ],
  next: [],
});

/** Seconds of turns per second, as a person reads a load. */
const busy = (turns: number): string => `${(turns * 1_000).toFixed(0)} ms/s`;

const NODE_COLUMNS: readonly Column<RebalanceDocument['nodes'][number]>[] = [
  { title: 'NODE', cell: ({ node }) => idOf(node) },
  { title: 'TURNS', cell: ({ turns }) => busy(turns), align: 'right' },
  { title: 'IN USE', cell: ({ inUse }) => count(inUse), align: 'right' },
];

/** Of a long plan only the beginning is shown, and how many go from where to where; `--json` has all. */
const SHOWN_MAX = 16;

const PLAN_COLUMNS: readonly Column<RebalanceDocument['moves'][number]>[] = [
  { title: 'SHARD', cell: ({ shard }) => String(shard), align: 'right' },
  { title: 'FROM', cell: ({ from }) => idOf(from) },
  { title: 'TO', cell: ({ to }) => idOf(to) },
  { title: 'TURNS', cell: ({ turns }) => busy(turns), align: 'right' },
];

interface Way {
  readonly from: string;
  readonly to: string;
  readonly shards: number;
}

const WAY_COLUMNS: readonly Column<Way>[] = [
  { title: 'FROM', cell: ({ from }) => idOf(from) },
  { title: 'TO', cell: ({ to }) => idOf(to) },
  { title: 'SHARDS', cell: ({ shards }) => count(shards), align: 'right' },
];

function waysOf(moves: RebalanceDocument['moves']): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const { from, to } of moves) {
    const way = `${from} ${to}`;
    ways.set(way, { from, to, shards: (ways.get(way)?.shards ?? 0) + 1 });
  }
  return [...ways.values()];
}

/** `verb`: whether they would move, or do. */
export function rebalanceView(verb: 'would move' | 'move'): View<RebalanceDocument> {
  return ({ epoch, nodes, moves }, { paint }) => ({
    lines: [
      paint(
        'strong',
        `${moves.length === 0 ? 'Nothing to move' : `${counted(moves.length, 'shard')} ${verb}`}; epoch ${epoch}`,
      ),
      ...(nodes.length > 0 ? ['', ...table(NODE_COLUMNS, nodes, paint)] : []),
      ...(moves.length > 0 ? ['', ...table(PLAN_COLUMNS, moves.slice(0, SHOWN_MAX), paint)] : []),
      ...(moves.length > SHOWN_MAX ? [`… and ${count(moves.length - SHOWN_MAX)} more`] : []),
      ...(moves.length > SHOWN_MAX ? ['', ...table(WAY_COLUMNS, waysOf(moves), paint)] : []),
    ],
    next: moves.length === 0 ? [] : [verb === 'move' ? 'musterctl move list' : 'musterctl rebalance'],
  });
}
