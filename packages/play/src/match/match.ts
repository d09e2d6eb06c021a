import type { Metrics } from '@muster/ports';
import { type ActorKind, defineActor } from '@muster/runtime';
import { MATCH_KIND } from './contract.js';
import { forget, stored } from './ending.js';
import { confirmBattle, host, hostAnswered, hostingOver, pickAgain, picked, startHeard } from './hosting.js';
import { hostGone, hostNews, type NewsDrop, takeNews } from './news.js';
import { type MatchOptions, matchOptions } from './options.js';
import type { MatchEvents, MatchRules } from './rules.js';
import { commandAnswered, holdDue, joinBattle, kill, orderRule, playerTold, tellOwner, tooLong } from './running.js';
import { initialState, type MatchState } from './state.js';

export interface MatchDependencies {
  readonly metrics: Metrics;
  readonly options?: Partial<MatchOptions>;
}

export type MatchKind = ActorKind<MatchState, MatchRules, MatchEvents>;

/** `match/<battleId>`: a battle, from the search for a host until its result is stored. */
export function matchKind({ metrics, options: changes }: MatchDependencies): MatchKind {
  const options = matchOptions(changes);
  const drops = metrics.counter(
    'muster_play_battle_news_dropped_total',
    'What autohosts said of battles and counted for nothing, by reason',
  );
  const lost = metrics.counter(
    'muster_play_battle_records_lost_total',
    'Battles that are over and that storage did not take',
  );
  const dropped = (reason: NewsDrop): void => drops.add(1, { reason });
  return defineActor<MatchState, MatchRules, MatchEvents>(MATCH_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    initial: initialState,
    blank: ({ phase }) => phase === 'none',
    decide: {
      host: (state, data, ctx) => host(state, data, ctx, options),
      picked: (state, data, ctx) => picked(state, data, ctx, options),
      pickAgain,
      startHeard: (state, data, ctx) => startHeard(state, data, ctx, options),
      hostAnswered: (state, data, ctx) => hostAnswered(state, data, ctx, options),
      hostingOver: (state, data, ctx) => hostingOver(state, data, ctx, options),
      playerTold,
      tellOwner,
      holdDue: (state, data, ctx) => holdDue(state, data, ctx, options),
      hostNews: (state, data, ctx) => hostNews(state, data, ctx, options, dropped),
      hostGone: (state, data, ctx) => hostGone(state, data, ctx, options),
      joinBattle,
      commandAnswered,
      kickPlayer: orderRule('kickPlayer'),
      mutePlayer: orderRule('mutePlayer'),
      specPlayers: orderRule('specPlayers'),
      sendMessage: orderRule('sendMessage'),
      sendCommand: orderRule('sendCommand'),
      kill: (state, data, ctx) => kill(state, data, ctx, options),
      tooLong: (state, data, ctx) => tooLong(state, data, ctx, options),
      confirmBattle,
      stored: (state, answer) => stored(state, answer, () => lost.add()),
      forget: (state, data, ctx) => forget(state, data, ctx, options),
      // The autohost's actor may have lost more than this one, or nothing: it is reminded at once.
      adopted: (state, _, ctx) => holdDue(state, null, ctx, options),
    },
    evolve: EVOLVE,
    adopted: 'adopted',
    // Operators see who is in it, not how to get in.
    describe: ({ passwords: _, ...state }) => state,
  });
}

const EVOLVE: MatchKind['evolve'] = {
  hostingBegan: (state, { owner, setup, regions, passwords }) => {
    state.phase = 'hosting';
    state.owner = owner;
    state.setup = setup;
    state.passwords = { ...passwords };
    state.hosting = { regions, region: 0, tried: [], asked: null, failure: 'no_autohost' };
  },
  hostAsked: (state, { autohost }) => {
    state.hosting!.tried.push(autohost);
    state.hosting!.asked = autohost;
  },
  hostRefused: (state, { failure }) => {
    state.hosting!.asked = null;
    state.hosting!.failure = failure;
    // What an engine said that nobody will join counts for nothing.
    Object.assign(state, { since: 0, present: {}, votes: [] });
  },
  regionExhausted: (state, { failure }) => {
    state.hosting!.region += 1;
    state.hosting!.failure = failure;
  },
  hosted: (state, { autohost, ip, port, at }) => {
    state.phase = 'running';
    state.hosting = null;
    state.host = { autohost, ip, port };
    state.hostedAt = at;
    state.untold = [...state.setup!.players, ...state.setup!.spectators].map(({ userId }) => userId);
  },
  playerTold: (state, { userId }) => {
    state.untold = state.untold.filter((id) => id !== userId);
  },
  ownerTold: (state) => {
    state.ownerTold = true;
  },
  memberAdded: (state, { member, password }) => {
    state.late.push(member);
    state.passwords[member.userId] = password;
    state.untold.push(member.userId);
  },
  memberRemoved: (state, { userId }) => {
    state.late = state.late.filter((member) => member.userId !== userId);
    state.untold = state.untold.filter((id) => id !== userId);
    delete state.passwords[userId];
  },
  heard: takeNews,
  ended: (state, { how, at }) => {
    state.phase = 'ended';
    state.hosting = null;
    state.untold = [];
    state.ended = { at, how, stored: false };
  },
  stored: (state) => {
    if (state.ended) state.ended = { ...state.ended, stored: true };
  },
  forgotten: (state) => {
    Object.assign(state, initialState());
  },
};
