import type { EntityShowDocument, EntityTellDocument } from '@muster/coordinator';
import { type Paint, printable } from '../format/paint.js';
import { type Fact, facts } from '../format/table.js';
import { count, counted, instant } from '../format/units.js';
import { idOf, type View } from './view.js';

type Described = Readonly<Record<string, unknown>>;

/** Where an entity lives and what its owner says of it. The owner's part has a shape of its own per version, so nothing of it is taken for granted. */
export const entityShowView: View<EntityShowDocument> = (document, { paint, stateLinesMax }) => {
  const { entity, shard, home, pinned, owner, ownerAddress, term, backup, actor, actorError } = document;
  const described = isRecord(actor) ? actor : undefined;
  const place: Fact[] = [
    ['Entity', entity],
    [
      'Shard',
      `${shard}, term ${count(term)}${shard === home ? '' : `; alone, from ${home}${pinned ? ', pinned' : ''}`}`,
    ],
    [
      'Owner',
      owner === '' ? 'nobody' : `${owner}${ownerAddress ? ` at ${ownerAddress}` : ''}`,
      owner === '' ? 'bad' : 'plain',
    ],
    ['Backup', backup],
  ];
  const lines = facts([...place, ...(described ? actorFacts(described) : [absence(actorError)])], paint);
  const state = described?.state;
  return {
    lines: state === undefined ? lines : [...lines, '', ...stateLines(state, stateLinesMax, paint)],
    next: owner === '' ? [`musterctl shard show ${shard}`] : actorError ? [`musterctl node show ${idOf(owner)}`] : [],
  };
};

/** What the actor answered. */
export const entityTellView: View<EntityTellDocument> = ({ entity, owner, value }, { paint }) => ({
  lines: [
    ...facts(
      [
        ['Told', entity],
        ['Owner', owner],
      ] satisfies Fact[],
      paint,
    ),
    ...(value === null ? [] : ['', ...JSON.stringify(value, undefined, 2).split('\n').map(printable)]),
  ],
  next: [`musterctl entity show ${entity}`],
});

function absence(actorError: string): Fact {
  if (actorError === '' || actorError === 'NOT_FOUND') return ['Actor', 'not activated: its owner holds nothing of it'];
  return ['Actor', `unknown: the owner did not say (${actorError})`, 'warn'];
}

function actorFacts(actor: Described): Fact[] {
  const list: Fact[] = [['Actor', [text(actor.status) || 'active', text(actor.durability)].filter(Boolean).join(', ')]];
  if (typeof actor.mailbox === 'number') list.push(['Mailbox', `${counted(actor.mailbox, 'command')} waiting`]);
  if (typeof actor.seq === 'number') list.push(['Turns', count(actor.seq)]);
  if (typeof actor.stream === 'number') list.push(['Stream', `at ${count(actor.stream)}`]);
  if (isRecord(actor.subscribers)) {
    for (const [topic, who] of Object.entries(actor.subscribers)) {
      list.push(['Watched', `${topic} by ${Array.isArray(who) ? who.map(text).join(', ') : text(who)}`]);
    }
  }
  for (const timer of records(actor.timers)) {
    const at = typeof timer.at === 'number' ? ` at ${instant(new Date(timer.at).toISOString())}` : '';
    list.push(['Timer', `${text(timer.name)}: ${text(timer.command)}${at}`]);
  }
  for (const send of records(actor.outbox)) list.push(['Sends', `${text(send.command)} to ${text(send.to)}`]);
  if (typeof actor.sessions === 'number') list.push(['Remembers', `replies of ${counted(actor.sessions, 'session')}`]);
  if (typeof actor.error === 'string') list.push(['Error', actor.error, 'bad']);
  return list;
}

function stateLines(state: unknown, max: number, paint: Paint): string[] {
  const lines = JSON.stringify(state, undefined, 2).split('\n').map(printable);
  const cut = lines.length - max;
  if (cut <= 0) return [paint('dim', 'State'), ...lines];
  return [
    paint('dim', 'State'),
    ...lines.slice(0, max),
    paint('dim', `… ${counted(cut, 'more line')}: --json has all`),
  ];
}

function isRecord(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function records(value: unknown): readonly Described[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
