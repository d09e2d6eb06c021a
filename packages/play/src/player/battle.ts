// The player's battle: match/contract.ts has the other side.
//
//   none ── battleStart ──► in a battle (the client is asked `battle/start` until it answers) ── battleOver ──► none
//              ▲                   │
//              └── another one ────┘  the newest counts; the end of an older one is told all the same
//
// The match may be lost: it is asked now and then, and whenever this actor may have lost something, whether the battle goes on. While it does,
// the session of a player who is not there does not end.
import { entity } from '@muster/ports';
import { type Answer, type DecideContext, event, type TimerChange } from '@muster/runtime';
import type { PrivateBattle } from '@muster/tachyon';
import { type BattleEnded, MATCH_KIND, type MatchPlayerCommands } from '../match/contract.js';
import { type AnsweredData, NOTICE_REQUEST } from '../requests/contract.js';
import { close, findOpen, nextNumbers, noRequests, noticeOf, open } from '../requests/table.js';
import { REASON_UNKNOWN_USER } from './contract.js';
import type { PlayerOptions } from './options.js';
import { toPublic, toSelf } from './publishing.js';
import { graceBegins } from './session.js';
import { type Decided, joined, type Pieces, type PlayerSlice, type SliceTools } from './slice.js';
import { type BattlePart, type PlayerState, refuseStranger, stillThere } from './state.js';

export interface BattleCommands extends MatchPlayerCommands {
  /** From the session's gateway: what the client answered. */
  answered: { data: AnsweredData; reply: null };
  battleCheckDue: { data: unknown; reply: null };
  battleConfirmed: { data: Answer; reply: null };
}

export interface BattleEvents {
  battleBegan: { readonly id: string; readonly access: PrivateBattle; readonly n: number };
  clientAnswered: { readonly n: number };
  /** `ended`: data of `battle/ended`; null: nobody knows how. */
  battleOver: { readonly id: string; readonly ended: BattleEnded | null };
}

const CHECK_TIMER = 'battle';

export function battleSlice({ options }: SliceTools): PlayerSlice<BattleCommands, BattleEvents, BattlePart> {
  return {
    name: 'battle',
    version: 1,
    initial: () => ({ battle: null, requests: noRequests() }),
    decide: {
      battleStart: (state, data, ctx) => battleStart(state, data, ctx, options),
      battleOver: (state, ended, ctx) => battleOver(state, ended, ctx, options),
      answered,
      battleCheckDue: (state, _, ctx) => check(state, ctx, options),
      battleConfirmed: (state, answer, ctx) => battleConfirmed(state, answer, ctx, options),
    },
    evolve: {
      battleBegan: (state, { id, access, n }) => {
        state.battle = { id, access };
        // Only the newest is to be started.
        state.requests = noRequests();
        open(state.requests, { n, commandId: 'battle/start', data: access, deadlineAt: null, context: null });
      },
      clientAnswered: (state, { n }) => close(state.requests, n),
      battleOver: (state, { id }) => {
        if (state.battle?.id !== id) return;
        state.battle = null;
        state.requests = { ...noRequests(), last: state.requests.last };
      },
    },
    publish: {
      // Somebody who has gone meanwhile is not shown to play.
      battleBegan: (state, _, self) => [
        ...requested(state),
        ...(state.session ? [toPublic(self, { status: 'playing' })] : []),
      ],
      battleOver: (state, { ended }, self) => [
        ...(ended && state.session ? [toSelf('battle/ended', ended)] : []),
        ...(state.battle ? [] : [toPublic(self, { status: state.session ? 'menu' : 'offline' })]),
      ],
    },
    selfView: ({ battle }) => (battle ? { currentBattle: battle.access } : {}),
    publicView: ({ battle }) => (battle ? { status: 'playing' } : {}),
    snapshot: ({ session, requests }) => ({
      requests: session ? requests.open.map((request) => noticeOf(session.id, request)) : [],
    }),
    onAdopted: (state, { mayLack }, ctx) => (mayLack ? check(state, ctx, options) : {}),
    holdsSession: ({ battle }) => battle !== null,
    blank: ({ battle }) => battle === null,
  };
}

function requested({ session, requests }: PlayerState) {
  return session ? requests.open.map((request) => toSelf(NOTICE_REQUEST, noticeOf(session.id, request))) : [];
}

function isFrom({ origin }: DecideContext, battleId: string): boolean {
  return origin.type === 'entity' && origin.from.kind === MATCH_KIND && origin.from.id === battleId;
}

const NO_MATCH = { refuse: { reason: 'unauthorized', details: 'a battle speaks for itself' } };

function battleStart(
  state: PlayerState,
  { battleId: id, battle: access }: BattleCommands['battleStart']['data'],
  ctx: DecideContext,
  options: PlayerOptions,
): Decided<null> {
  if (!isFrom(ctx, id)) return NO_MATCH;
  if (!state.account) return { refuse: { reason: REASON_UNKNOWN_USER } };
  const [n] = nextNumbers(state.requests, ctx.now);
  return { events: [event('battleBegan', { id, access, n: n! })], timers: [checkTimer(ctx, options)] };
}

function checkTimer({ now }: DecideContext, { battleCheckMs }: PlayerOptions): TimerChange {
  return { name: CHECK_TIMER, at: now + battleCheckMs, command: 'battleCheckDue' };
}

function battleOver(state: PlayerState, ended: BattleEnded, ctx: DecideContext, options: PlayerOptions): Decided<null> {
  return isFrom(ctx, ended.battleId) ? over(state, ended.battleId, ended, ctx, options) : NO_MATCH;
}

function over(
  state: PlayerState,
  id: string,
  ended: BattleEnded | null,
  { now }: DecideContext,
  options: PlayerOptions,
): Pieces {
  const events = [event('battleOver', { id, ended })];
  if (state.battle?.id !== id) return { events };
  return joined(
    { events, timers: [{ name: CHECK_TIMER, at: null }] },
    // It was the battle that kept the session.
    graceBegins(state, now, options),
  );
}

/** The client starts, or will not: either way it has been asked. */
function answered(state: PlayerState, { n }: AnsweredData, ctx: DecideContext): Decided<null> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const back = stillThere(state);
  const events = findOpen(state.requests, n) ? [event('clientAnswered', { n })] : [];
  return { events: [...back.events, ...events], timers: back.timers };
}

function check(state: PlayerState, ctx: DecideContext, options: PlayerOptions): Pieces {
  if (!state.battle) return {};
  const { id } = state.battle;
  const data = { userId: ctx.self.id };
  return {
    sends: [{ to: entity(MATCH_KIND, id), command: 'confirmBattle', data, answer: 'battleConfirmed' }],
    timers: [checkTimer(ctx, options)],
  };
}

/** A match that knows of no such battle has lost it, or its end was lost here. */
function battleConfirmed(
  state: PlayerState,
  answer: Answer,
  ctx: DecideContext,
  options: PlayerOptions,
): Decided<null> {
  const runs = answer.ok && (answer.value as { readonly runs: boolean }).runs;
  return runs || state.battle?.id !== answer.from.id ? {} : over(state, answer.from.id, null, ctx, options);
}
