import { entity } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import { type AutohostUpdate, unixTime } from '@muster/tachyon';
import { MATCH_KIND } from '../match/contract.js';
import { nextNumbers } from '../requests/table.js';
import { type AutohostCommands, type BattleNews, type MatchNews, REASON_BUSY } from './contract.js';
import type { AutohostOptions } from './options.js';
import { type AutohostState, ask, confirm, type Decided, type Parts, parts, refuseStranger } from './state.js';

/** Why an update goes no further. A label of a metric. */
export type UpdateDrop =
  /** Not later than one that is on record: replayed, or a clock that went back. */
  | 'stale'
  /** Later than it can be. */
  | 'future'
  /** Of a battle that this autohost was not given, or that is over. */
  | 'foreign_battle'
  /** Chat, engine messages and what scripts say: nobody here listens to it. */
  | 'not_followed';

/** K8: what is taken here is on record with the sends it leads to; `since` grows by nothing else. */
export function update(
  state: AutohostState,
  { updates }: AutohostCommands['update']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
  dropped: (reason: UpdateDrop) => void,
): Decided<'update'> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const latest = unixTime(ctx.now + options.aheadMaxMs);
  const drops: UpdateDrop[] = [];
  const news: Record<string, BattleNews[]> = {};
  const unwanted = new Set<string>();
  let until = state.since;
  for (const one of updates) {
    const drop = one.time <= until ? 'stale' : one.time > latest ? 'future' : undefined;
    if (drop) {
      drops.push(drop);
      continue;
    }
    until = one.time;
    if (!Object.hasOwn(state.battles, one.battleId)) {
      drops.push('foreign_battle');
      if (state.lost.includes(one.battleId)) unwanted.add(one.battleId);
    } else if (isNews(one.update))
      news[one.battleId] = [...(news[one.battleId] ?? []), { time: one.time, update: one.update }];
    else drops.push('not_followed');
  }
  for (const [battleId, fresh] of Object.entries(news))
    if (state.battles[battleId]!.queued.length + fresh.length > options.newsQueuedMax)
      return { refuse: { reason: REASON_BUSY, details: `battle ${battleId} is behind` } };
  for (const drop of drops) dropped(drop);
  const into = parts();
  confirm(state, into);
  if (until > state.since) into.events.push(heard(state, until, news, into));
  kill(state, [...unwanted], ctx, options, into);
  return into;
}

function isNews(update: AutohostUpdate['update']): update is MatchNews {
  return !['engine_message', 'engine_warning', 'player_chat', 'luamsg'].includes(update.type);
}

/** One send per match at a time, each with everything that came since: however fast an autohost talks, the outbox stays small. */
function heard(state: AutohostState, until: number, news: Record<string, BattleNews[]>, into: Parts) {
  const sent = Object.keys(news).filter((battleId) => !state.battles[battleId]!.sending);
  for (const battleId of sent) into.sends.push(newsTo(battleId, news[battleId]!));
  return event('heard', { until, news, sent });
}

function newsTo(battleId: string, news: readonly BattleNews[]): Parts['sends'][number] {
  const context = { battleId };
  return { to: entity(MATCH_KIND, battleId), command: 'hostNews', data: { news }, answer: 'newsHeard', context };
}

/** The match has what was sent, or wants nothing of it. */
export function newsHeard(state: AutohostState, answer: AutohostCommands['newsHeard']['data']): Decided<'newsHeard'> {
  const { battleId } = answer.context as { readonly battleId: string };
  const battle = state.battles[battleId];
  if (!battle) return {};
  if (!answer.ok) return { events: [event('battleDropped', { battleId, lost: false })] };
  if (battle.queued.length === 0) return { events: [event('newsDone', { battleId })] };
  const news = { [battleId]: [] };
  return {
    events: [event('heard', { until: state.since, news, sent: [battleId] })],
    sends: [newsTo(battleId, battle.queued)],
  };
}

/** For `evolve`: what is queued goes with what is sent. */
export function takeNews(
  state: AutohostState,
  {
    until,
    news,
    sent,
  }: { until: number; news: Readonly<Record<string, readonly BattleNews[]>>; sent: readonly string[] },
): void {
  state.since = until;
  for (const [battleId, fresh] of Object.entries(news)) {
    const battle = state.battles[battleId];
    if (!battle) continue;
    if (!sent.includes(battleId)) battle.queued.push(...fresh);
    else {
      battle.queued = [];
      battle.sending = true;
    }
  }
}

/** Asks for the end of battles that nobody counts on any more. */
export function kill(
  state: AutohostState,
  battleIds: readonly string[],
  ctx: DecideContext,
  options: AutohostOptions,
  into: Parts,
): void {
  if (battleIds.length === 0) return;
  const numbers = nextNumbers(state.requests, ctx.now, battleIds.length);
  const requests = battleIds.map((battleId, i) => ({
    n: numbers[i]!,
    commandId: 'autohost/kill',
    data: { battleId },
    deadlineAt: ctx.now + options.commandMs,
    context: { for: 'command', battleId } as const,
  }));
  ask(state, requests, into);
}
