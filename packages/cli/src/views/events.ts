import type { ClusterEvent } from '@muster/coordinator';
import { type Paint, printable, type Tone } from '../format/paint.js';
import { counted, duration } from '../format/units.js';
import { idOf } from './view.js';

const TONES: Readonly<Record<ClusterEvent['type'], Tone>> = {
  'leader.elected': 'strong',
  'vice.changed': 'plain',
  'member.joined': 'good',
  'member.suspect': 'warn',
  'member.recovered': 'good',
  'member.given-up': 'bad',
  'member.dead': 'bad',
  'shards.placed': 'plain',
  'shards.promoted': 'strong',
  'shards.moved': 'plain',
  'shards.parked': 'warn',
  'entity.carved': 'plain',
  'backups.lost': 'warn',
  'backups.learning': 'plain',
  'backups.ready': 'good',
  'store.away': 'bad',
  'store.back': 'good',
};
const TYPE_WIDTH = Math.max(...Object.keys(TONES).map((type) => type.length));

/** One event as one line: when, in which epoch, what, and to whom. An event of a later version is shown as its JSON. */
export function eventLine(event: ClusterEvent, paint: Paint): string {
  const { at, epoch, type } = event;
  const time = at.slice(11, 23);
  const space = ' '.repeat(Math.max(0, TYPE_WIDTH - type.length));
  const head = `${paint('dim', printable(time))}  ${paint('dim', `epoch ${epoch}`)}  ${paint(TONES[type] ?? 'plain', printable(type))}${space}`;
  return `${head}  ${printable(sentence(event))}`;
}

function sentence(event: ClusterEvent): string {
  switch (event.type) {
    case 'leader.elected':
      return `${idOf(event.leader)} leads: ${event.reason}`;
    case 'vice.changed':
      return event.vice === '' ? 'nobody is vice' : `${idOf(event.vice)} is vice`;
    case 'member.joined':
      return `${event.role} ${event.peer} at ${event.address}`;
    case 'member.suspect':
    case 'member.recovered':
      return `${event.role} ${event.peer}`;
    case 'member.given-up':
    case 'member.dead':
      return `${event.role} ${event.peer}: ${event.why}`;
    case 'shards.placed':
      return `${counted(event.shards, 'shard')} (${event.why}): ${placed(event.to)}`;
    case 'shards.promoted':
      return `${counted(event.shards, 'shard')} go on at their backups: ${placed(event.to, 'on')}`;
    case 'shards.moved':
      return `${counted(event.shards, 'shard')} in use went ${placed(event.to)}`;
    case 'shards.parked':
      return `${counted(event.shards, 'shard')} are in storage: ${placed(event.to, 'of')}`;
    case 'entity.carved':
      return `${event.entity} went from shard ${event.from} to shard ${event.shard} at ${idOf(event.owner)}`;
    case 'backups.lost':
      return `${counted(event.shards, 'shard')}: ${placed(event.to, 'of')}`;
    case 'backups.learning':
    case 'backups.ready':
      return `${counted(event.shards, 'shard')}: ${placed(event.to, 'on')}`;
    case 'store.away':
      return event.cause;
    case 'store.back':
      return `after ${duration(event.awayMs)}`;
    default:
      return JSON.stringify(event);
  }
}

function placed(to: Readonly<Record<string, number>>, word = 'to'): string {
  return Object.entries(to)
    .map(([peer, shards]) => `${shards} ${word} ${idOf(peer)}`)
    .join(', ');
}
