import { type EntityRef, entity } from '@muster/ports';
import { type DecideContext, event, type Refusal } from '@muster/runtime';
import { MATCH_KIND } from '../match/contract.js';
import { nextNumbers } from '../requests/table.js';
import { leaveRooms } from '../room/member.js';
import { refuseBattle, report } from './capacity.js';
import type { AutohostCommands } from './contract.js';
import type { AutohostOptions } from './options.js';
import { type AutohostState, ask, type Decided, GONE_TIMER, type Parts, parts } from './state.js';
import { kill } from './updates.js';

/** The battle that speaks: a match speaks of none but its own. */
function battleOf({ origin }: DecideContext): string | undefined {
  return origin.type === 'entity' && origin.from.kind === MATCH_KIND ? origin.from.id : undefined;
}

const NO_MATCH: Refusal = { reason: 'unauthorized', details: 'this is for matches' };

export function toMatch(battleId: string, command: string, data: unknown): Parts['sends'][number] {
  return { to: entity(MATCH_KIND, battleId) satisfies EntityRef, command, data };
}

export function startBattle(
  state: AutohostState,
  { script }: AutohostCommands['startBattle']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'startBattle'> {
  const battleId = battleOf(ctx);
  if (battleId === undefined) return { refuse: NO_MATCH };
  const reason = refuseBattle(state, String(script.engineVersion), options);
  if (reason) return { refuse: { reason } };
  const into = parts();
  into.events.push(event('battleTaken', { battleId, at: ctx.now }));
  const [n] = nextNumbers(state.requests, ctx.now);
  const request = {
    n: n!,
    commandId: 'autohost/start',
    data: { battleId, ...script },
    deadlineAt: ctx.now + options.startMs,
    context: { for: 'start', battleId },
  } as const;
  ask(state, [request], into);
  report({ ...state, requests: { ...state.requests, open: [...state.requests.open, request] } }, into);
  return into;
}

/** While it is away the request waits for it, as long as requests may take. */
export function battleCommand(
  state: AutohostState,
  { commandId, data, tag }: AutohostCommands['battleCommand']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'battleCommand'> {
  const battleId = battleOf(ctx);
  if (battleId === undefined) return { refuse: NO_MATCH };
  if (state.requests.open.length >= options.requestsMax)
    return { refuse: { reason: 'invalid_request', details: 'the autohost owes too many answers' } };
  const [n] = nextNumbers(state.requests, ctx.now);
  const request = {
    n: n!,
    commandId,
    data: { ...data, battleId },
    deadlineAt: ctx.now + options.commandMs,
    context: { for: 'command', battleId, ...(tag === undefined ? {} : { tag }) },
  } as const;
  const into = parts();
  ask(state, [request], into);
  return into;
}

/** An actor that lost its state learns again what it follows; one that nobody is connected to gives it up in time. */
export function holdBattle(
  state: AutohostState,
  _: AutohostCommands['holdBattle']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'holdBattle'> {
  const battleId = battleOf(ctx);
  if (battleId === undefined) return { refuse: NO_MATCH };
  if (Object.hasOwn(state.battles, battleId)) return {};
  const into = parts();
  into.events.push(event('battleTaken', { battleId, at: ctx.now }));
  if (!state.session && state.lostAt === null)
    into.timers.push({ name: GONE_TIMER, at: ctx.now + options.replayWindowMs, command: 'goneForGood' });
  return into;
}

export function forgetBattle(
  state: AutohostState,
  data: AutohostCommands['forgetBattle']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'forgetBattle'> {
  const battleId = battleOf(ctx);
  if (battleId === undefined) return { refuse: NO_MATCH };
  const into = parts();
  if (Object.hasOwn(state.battles, battleId) || data.kill)
    into.events.push(event('battleDropped', { battleId, lost: data.kill }));
  if (data.kill) kill(state, [battleId], ctx, options, into);
  return into;
}

/** Nothing that happened meanwhile can be learnt any more. */
export function goneForGood(state: AutohostState): Decided<'goneForGood'> {
  if (state.session) return {};
  const into = parts();
  into.events.push(event('gone', null));
  giveUp(Object.keys(state.battles), into);
  const { events, sends, resolve } = leaveRooms(state);
  return { ...into, events: [...into.events, ...events], sends: [...into.sends, ...sends], resolve };
}

/** It was restarted: what it ran is over, and it does not know of it. */
export function orphansDue(
  state: AutohostState,
  _: AutohostCommands['orphansDue']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'orphansDue'> {
  if (!state.session?.ready || state.status?.currentBattles !== 0) return {};
  const into = parts();
  const old = Object.entries(state.battles).filter(([, { since }]) => since <= ctx.now - options.orphanMs);
  giveUp(
    old.map(([battleId]) => battleId),
    into,
  );
  return into;
}

function giveUp(battleIds: readonly string[], into: Parts): void {
  for (const battleId of battleIds) {
    into.events.push(event('battleDropped', { battleId, lost: true }));
    into.sends.push(toMatch(battleId, 'hostGone', null));
  }
}
