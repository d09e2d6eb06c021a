import { type DecideContext, event } from '@muster/runtime';
import type { OpenRequest } from '../requests/contract.js';
import { findOpen, nextNumbers, overdue } from '../requests/table.js';
import { toMatch } from './battles.js';
import { report } from './capacity.js';
import { lose, subscribe } from './connection.js';
import type { AutohostCommands, RequestPurpose, StartOutcome } from './contract.js';
import type { AutohostOptions } from './options.js';
import { type AutohostState, ask, confirm, type Decided, type Parts, parts, refuseStranger } from './state.js';
import { kill } from './updates.js';

type Answered = AutohostCommands['answered']['data'];

/** Failures of `autohost/start` after which no engine runs. After any other one may: its port is not known, so it is no use. */
const NOTHING_RUNS: readonly string[] = [
  'engine_version_not_available',
  'invalid_request',
  'command_unimplemented',
  'unauthorized',
];

/** The autohost answered. An answer to what nobody waits for any more changes nothing. */
export function answered(
  state: AutohostState,
  data: Answered,
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'answered'> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const request = findOpen(state.requests, data.n);
  if (!request) return {};
  const into = parts();
  confirm(state, into);
  return settle(state, [[request, data]], ctx, options, into);
}

/** Deadlines have come. */
export function requestsDue(
  state: AutohostState,
  _: AutohostCommands['requestsDue']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'requestsDue'> {
  const late = overdue(state.requests, ctx.now);
  const timedOut = late.map((request) => [request, { n: request.n, ok: false, reason: 'timed_out' }] as const);
  return settle(state, timedOut, ctx, options, parts());
}

type Settled = readonly [OpenRequest<RequestPurpose>, Answered];

function settle(
  state: AutohostState,
  settled: readonly Settled[],
  ctx: DecideContext,
  options: AutohostOptions,
  into: Parts,
): Parts {
  const over = settled.map(([{ n }]) => n);
  const left = { ...state.requests, open: state.requests.open.filter(({ n }) => !over.includes(n)) };
  const next = { ...state, requests: left };
  ask(state, [], into, over);
  let starts = false;
  for (const [{ context }, answer] of settled) {
    if (context.for === 'start') {
      starts = true;
      started(next, context.battleId, answer, ctx, options, into);
    } else if (context.for === 'command' && context.tag !== undefined)
      into.sends.push(toMatch(context.battleId, 'commandAnswered', { tag: context.tag, ok: answer.ok }));
    else if (context.for === 'subscribe' && !answer.ok) {
      if (context.again || !state.session) return merged(into, state.session ? lose(next, ctx, options) : parts());
      subscribe(next, ctx, options, into, true);
    }
  }
  if (starts) report(next, into);
  return into;
}

function started(
  state: AutohostState,
  battleId: string,
  answer: Answered,
  ctx: DecideContext,
  options: AutohostOptions,
  into: Parts,
): void {
  if (answer.ok) {
    const { ips, port } = answer.data as { readonly ips: readonly string[]; readonly port: number };
    // An engine that nobody can reach is none.
    if (ips.length > 0) {
      into.sends.push(toMatch(battleId, 'hostAnswered', { ok: true, ips, port } satisfies StartOutcome));
      return;
    }
  }
  const reason = answer.ok ? 'internal_error' : answer.reason;
  const mayRun = !NOTHING_RUNS.includes(reason);
  into.events.push(event('battleDropped', { battleId, lost: mayRun }));
  into.sends.push(toMatch(battleId, 'hostAnswered', { ok: false, reason } satisfies StartOutcome));
  if (mayRun) kill(state, [battleId], ctx, options, into);
}

/** Without it the connection is of no use: no update would ever come. */
function merged(first: Parts, second: Parts): Parts {
  return {
    events: [...first.events, ...second.events],
    sends: [...first.sends, ...second.sends],
    timers: [...first.timers, ...second.timers],
  };
}

/** An operator wants this engine there; `autohost/status` says when it is. */
export function installEngine(
  state: AutohostState,
  { version }: AutohostCommands['installEngine']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'installEngine'> {
  if (ctx.origin.type !== 'admin') return { refuse: { reason: 'unauthorized', details: 'this is for operators' } };
  if (!state.session) return { refuse: { reason: 'invalid_request', details: 'the autohost is not connected' } };
  const [n] = nextNumbers(state.requests, ctx.now);
  const request = {
    n: n!,
    commandId: 'autohost/installEngine',
    data: { version },
    deadlineAt: ctx.now + options.commandMs,
    context: { for: 'engine' },
  } as const;
  const into = parts();
  ask(state, [request], into);
  return into;
}
