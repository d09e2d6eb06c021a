import type {
  CoordinatorDocument,
  CoordinatorListDocument,
  MemberDocument,
  NodeListDocument,
  NodeShowDocument,
  NodeState,
} from '@muster/coordinator';
import { printable, type Tone } from '../format/paint.js';
import { type Column, facts, table } from '../format/table.js';
import { bytes, count, counted, duration, percent } from '../format/units.js';
import { ranges } from './shards.js';
import type { View } from './view.js';

const STATE_TONES: Readonly<Record<NodeState, Tone>> = {
  joining: 'warn',
  up: 'good',
  suspect: 'warn',
  silent: 'bad',
  dead: 'bad',
  cordoned: 'warn',
  draining: 'warn',
};

const toneOf = ({ state, frozen }: MemberDocument): Tone => (frozen ? 'bad' : (STATE_TONES[state] ?? 'warn'));
const stateOf = ({ state, frozen }: MemberDocument): string => (frozen ? `${state}, frozen` : state);
/** Those that are still being copied stand behind a plus. */
const backupsOf = ({ backups, learners }: MemberDocument): string =>
  learners > 0 ? `${count(backups)} +${count(learners)}` : count(backups);
const agoOf = (ms: number | null): string => (ms === null ? '' : duration(ms));
/** Before the first heartbeat a member's load is not zero but unknown. */
const told =
  (text: (member: MemberDocument) => string) =>
  (member: MemberDocument): string =>
    member.beatAgoMs === null ? '' : text(member);

/** Lines of shard numbers that `node show` prints before it refers to `shard list`. */
const OWNED_LINES_MAX = 4;

type MemberColumn = Column<MemberDocument>;

function memberColumns(title: string, owned: readonly MemberColumn[]): readonly MemberColumn[] {
  return [
    { title, cell: ({ id }) => id },
    { title: 'STATE', cell: stateOf, tone: toneOf },
    { title: 'ADDRESS', cell: ({ address }) => address },
    { title: 'ZONE', cell: ({ zone }) => zone, optional: true },
    { title: 'BEAT', cell: ({ beatAgoMs }) => agoOf(beatAgoMs), align: 'right' },
    ...owned,
    { title: 'LAG', cell: told(({ loopLagMs }) => duration(loopLagMs)), align: 'right' },
    { title: 'BUSY', cell: told(({ utilisation }) => percent(utilisation)), align: 'right' },
    { title: 'MEMORY', cell: told(({ rssBytes }) => bytes(rssBytes)), align: 'right' },
    { title: 'BUILD', cell: ({ build }) => build, optional: true },
  ];
}

const NODE_COLUMNS = memberColumns('NODE', [
  { title: 'SHARDS', cell: ({ shards }) => count(shards), align: 'right' },
  { title: 'BACKS', cell: backupsOf, align: 'right' },
  { title: 'ACTORS', cell: told(({ actors }) => count(actors)), align: 'right' },
]);

const GATEWAY_COLUMNS = memberColumns('GATEWAY', [
  { title: 'SESSIONS', cell: told(({ sessions }) => count(sessions)), align: 'right' },
]);

export const nodeListView: View<NodeListDocument> = ({ nodes, gateways }, { paint }) => ({
  lines: [
    ...(nodes.length > 0 ? table(NODE_COLUMNS, nodes, paint) : ['no node is registered']),
    ...(gateways.length > 0 ? ['', ...table(GATEWAY_COLUMNS, gateways, paint)] : []),
  ],
  next: nodes
    .filter((node) => toneOf(node) === 'bad')
    .slice(0, 1)
    .map(({ id }) => `musterctl node show ${printable(id)}`),
});

export const nodeShowView: View<NodeShowDocument> = ({ node, owns, backs, learns, epoch }, { paint }) => ({
  lines: facts(
    [
      [node.role === 'gateway' ? 'Gateway' : 'Node', node.peer],
      ['State', stateOf(node), toneOf(node)],
      ...(node.frozen ? [['', 'it has had no good acknowledgement from a coordinator', 'bad'] as const] : []),
      ['Address', node.address],
      ['Zone', node.zone],
      ['Build', node.build],
      ['Last beat', node.beatAgoMs === null ? 'none yet' : `${duration(node.beatAgoMs)} ago`],
      ...(node.role === 'gateway' ? [['Sessions', told(({ sessions }) => count(sessions))(node)] as const] : []),
      ['Actors', told(({ actors }) => count(actors))(node)],
      ['Event loop', told((of) => `${percent(of.utilisation)} busy, ${duration(of.loopLagMs)} lag`)(node)],
      ['Memory', told(({ rssBytes }) => bytes(rssBytes))(node)],
      ['Owns', `${counted(owns.length, 'shard')} in epoch ${epoch}`],
      ...ownedLines(owns).map((line) => ['', line] as const),
      ...(node.role === 'node' ? [['Backs', counted(backs.length, 'shard')] as const] : []),
      ...ownedLines(backs).map((line) => ['', line] as const),
      ...(learns.length > 0 ? [['Learns', `${counted(learns.length, 'shard')} that it is to back`] as const] : []),
    ],
    paint,
  ),
  next: owns.length > 0 ? [`musterctl shard list --node ${printable(node.id)}`] : [],
});

function ownedLines(owns: readonly number[]): string[] {
  const lines = wrap(ranges(owns));
  return lines.length <= OWNED_LINES_MAX ? lines : [...lines.slice(0, OWNED_LINES_MAX), '…'];
}

/** Texts joined by commas, broken into lines that fit beside a label. */
function wrap(texts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + text.length + 2 <= 84) lines[lines.length - 1] = `${last}, ${text}`;
    else lines.push(text);
  }
  return lines;
}

const ROLE_TONES: Readonly<Record<string, Tone>> = { leader: 'strong', standby: 'dim' };

const COORDINATOR_COLUMNS: readonly Column<CoordinatorDocument>[] = [
  { title: 'COORDINATOR', cell: ({ id }) => id },
  { title: 'ROLE', cell: ({ role }) => role, tone: ({ role }) => ROLE_TONES[role] ?? 'plain' },
  { title: 'ADDRESS', cell: ({ address }) => address },
  { title: 'ZONE', cell: ({ zone }) => zone, optional: true },
  { title: 'ACK', cell: ({ ackAgoMs }) => agoOf(ackAgoMs), align: 'right' },
  { title: 'BUILD', cell: ({ build }) => build, optional: true },
];

export const coordinatorListView: View<CoordinatorListDocument> = ({ coordinators }, { paint }) => ({
  lines: table(COORDINATOR_COLUMNS, coordinators, paint),
  next: [],
});
