import { type DecideContext, event } from '@muster/runtime';
import type { BattleNews } from '../autohost/contract.js';
import type { BattleEnd } from './contract.js';
import { end } from './ending.js';
import type { MatchOptions } from './options.js';
import type { MatchRules } from './rules.js';
import { fromHost } from './running.js';
import { type Decided, type MatchState, membersOf, parts } from './state.js';

/** Why something that an autohost said of a battle counts for nothing. A label of a metric. */
export type NewsDrop =
  /** Not later than what was heard: told twice. */
  | 'stale'
  /** Of somebody who is not in the battle. */
  | 'stranger'
  /** Of an ally team that there is not. */
  | 'no_such_team'
  /** The battle is over. */
  | 'ended';

/** What happened in the engine. It is heard once, whoever repeats it: times grow. */
export function hostNews(
  state: MatchState,
  { news }: MatchRules['hostNews']['data'],
  ctx: DecideContext,
  options: MatchOptions,
  dropped: (reason: NewsDrop) => void,
): Decided<'hostNews'> {
  const { origin } = ctx;
  const asked = state.hosting?.asked;
  const isAsked = origin.type === 'entity' && origin.from.kind === 'autohost' && origin.from.id === asked;
  if (state.phase === 'ended' && fromHost(state, ctx)) {
    dropped('ended');
    return {};
  }
  // An engine may speak before its autohost has answered where it runs.
  if (!fromHost(state, ctx) && !isAsked)
    return { refuse: { reason: 'unauthorized', details: 'this battle is hosted elsewhere, or nowhere' } };
  const heard: BattleNews[] = [];
  let until = state.since;
  let how: BattleEnd | undefined;
  for (const one of news) {
    const drop = one.time <= until ? 'stale' : faultOf(state, one);
    if (drop) dropped(drop);
    if (drop === 'stale') continue;
    until = one.time;
    if (!drop) heard.push(one);
    how ??= endIn(one);
    if (how) break;
  }
  if (until === state.since) return {};
  const into = parts();
  into.events.push(event('heard', { news: heard, until }));
  if (!how) return into;
  const votes = [...state.votes, ...votesIn(heard)];
  const ending = end({ ...state, votes }, how, ctx, options);
  return { ...ending, events: [...into.events, ...ending.events] };
}

function endIn({ update }: BattleNews): BattleEnd | undefined {
  if (update.type === 'engine_quit') return 'quit';
  return update.type === 'engine_crash' ? 'crashed' : undefined;
}

/** The autohost may lie; engines number ally teams as the script has them. */
function faultOf(state: MatchState, { update }: BattleNews): NewsDrop | undefined {
  if ('userId' in update && !membersOf(state).some(({ userId }) => userId === update.userId)) return 'stranger';
  if (update.type !== 'finished') return undefined;
  const teams = new Set([...state.setup!.players, ...state.setup!.bots].map(({ allyTeam }) => allyTeam)).size;
  return update.winningAllyTeams.every((team) => team >= 0 && team < teams) ? undefined : 'no_such_team';
}

export function votesIn(news: readonly BattleNews[]): MatchState['votes'] {
  return news.flatMap(({ update }) =>
    update.type === 'finished' ? [{ userId: update.userId, winners: update.winningAllyTeams }] : [],
  );
}

/** For `evolve`. */
export function takeNews(state: MatchState, { news, until }: { news: readonly BattleNews[]; until: number }): void {
  state.since = until;
  state.votes.push(...votesIn(news));
  for (const { update } of news) {
    if (!('userId' in update)) continue;
    const presence = state.present[update.userId] ?? { joined: false, defeated: false };
    if (update.type === 'player_joined') presence.joined = true;
    else if (update.type === 'player_left') presence.joined = false;
    else if (update.type === 'player_defeated') presence.defeated = true;
    state.present[update.userId] = presence;
  }
}

/** Nothing will be heard of it any more. */
export function hostGone(
  state: MatchState,
  _: unknown,
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'hostGone'> {
  if (state.phase !== 'running' || !fromHost(state, ctx)) return {};
  return end(state, 'host_lost', ctx, options);
}
