import type { StatusDocument } from '@muster/coordinator';
import { printable } from '../format/paint.js';
import { type Fact, facts } from '../format/table.js';
import { count, counted, duration, since } from '../format/units.js';
import { idOf, type View } from './view.js';

/** A short report: what is wrong first, then who leads, then how much there is. */
export const statusView: View<StatusDocument> = (status, { paint, nowMs }) => {
  const { problems, healthy, nodes, gateways, shards } = status;
  const head = healthy
    ? paint('good', `Cluster ${printable(status.cluster)} is healthy`)
    : paint('bad', `Cluster ${printable(status.cluster)} has ${counted(problems.length, 'problem')}`);
  const list: Fact[] = [
    ['Leader', `${idOf(status.leader)}, epoch ${status.epoch} since ${since(status.since, nowMs)}`],
    ['Vice', idOf(status.vice) || 'none: nobody would take over', status.vice === '' ? 'warn' : 'plain'],
    storeFact(status),
    upFact('Nodes', nodes),
    upFact('Gateways', gateways),
    [
      'Shards',
      `${count(shards.owned)} of ${count(shards.total)} owned, ${count(shards.unowned)} unowned, ${count(shards.moving)} moving`,
      shards.unowned > 0 ? 'bad' : 'plain',
    ],
    secondPlaces(status),
    headroomFact(status),
    ['Sessions', count(status.sessions)],
    ['Actors', count(status.actors)],
  ];
  return {
    lines: [
      head,
      ...problems.map((problem) => `  ${paint('bad', '!')} ${printable(problem)}`),
      '',
      ...facts(list, paint),
    ],
    next: nextOf(status),
  };
};

function storeFact({ store, revision }: StatusDocument): Fact {
  const answered = `answered ${duration(store.answeredAgoMs)} ago`;
  return store.reachable
    ? ['Store', `reachable, ${answered}, revision ${count(revision)}`]
    : ['Store', `away, ${answered}; owners stay as they are`, 'bad'];
}

/** Where each shard is besides its owner. A single node has nobody to copy to. */
function secondPlaces({ shards: { owned, backed, learning }, nodes }: StatusDocument): Fact {
  const copying = learning > 0 ? `, ${count(learning)} being copied` : '';
  if (nodes.total === 1 && backed === 0)
    return ['Backups', 'none, with one node: storage is the second place, and answers wait for it'];
  const text = `${count(backed)} of ${count(owned)} shards have a second place${copying}`;
  return ['Backups', text, backed < owned && nodes.up > 1 ? 'bad' : 'plain'];
}

/** How busy the nodes are, beside what lets one of them die; and what is not begun above that. */
function headroomFact({ headroom: { level, used, target, admitPerSecond } }: StatusDocument): Fact {
  const load = `${Math.round(used * 100)} % of the nodes in use, ${Math.round(target * 100)} % leave room for a death`;
  const refused = {
    open: '',
    opportunistic: '; opportunistic load is not begun',
    soft: '; opportunistic and soft load are not begun',
    queue: `; new sessions wait, ${count(Math.round(admitPerSecond))} per second begin`,
  }[level];
  return ['Headroom', `${load}${refused}`, level === 'open' ? 'plain' : 'warn'];
}

function upFact(label: string, { up, total }: { readonly up: number; readonly total: number }): Fact {
  return [label, `${count(up)} of ${count(total)} up`, up < total || total === 0 ? 'warn' : 'plain'];
}

function nextOf({ nodes, gateways, shards, vice }: StatusDocument): readonly string[] {
  const next: string[] = [];
  if (nodes.up < nodes.total || gateways.up < gateways.total) next.push('musterctl node list');
  if (shards.unowned > 0 || (shards.backed < shards.owned && nodes.up > 1)) next.push('musterctl shard list');
  if (vice === '') next.push('musterctl coordinator list');
  return next;
}
