// How a battle finds its host.
//
//   hosting: ask the region's index ──► ask that autohost's actor ──► autohost/start ──► running
//                 ▲        │                    │                         │
//                 └────────┼──── refused ───────┴──── refused, timed out ─┘      (never the same one twice)
//                          └── none left: next region, or ended: battleHostFailed
//
// The autohost may die or be cut off while it starts: its actor waits for it and asks again, so a second answer may be "it exists already",
// and then nobody knows its port. Such an engine is killed and another host is asked. This actor's owner may die at any time: asked and not answered
// is state. The index may lack somebody after it went on elsewhere: then it says that it is young, and is asked again. An empty one that is not: refused at once. Whatever happens, `hostingMs` ends it.
import { entity } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import {
  AUTOHOST_KIND,
  AUTOHOST_POOL_KIND,
  DEFAULT_REGION,
  type PickReply,
  REASON_NO_ENGINE,
} from '../autohost/contract.js';
import type { HostFailure, MatchCommands } from './contract.js';
import { fail } from './ending.js';
import type { MatchOptions } from './options.js';
import { dismissal } from './orders.js';
import type { MatchRules } from './rules.js';
import { run } from './running.js';
import { newPassword, setupFault, startScript } from './script.js';
import {
  type Decided,
  HOSTING_TIMER,
  type Hosting,
  type MatchState,
  membersOf,
  type Parts,
  PICK_TIMER,
  parts,
} from './state.js';

export function host(
  state: MatchState,
  { owner, setup, regions = [DEFAULT_REGION] }: MatchCommands['host']['data'],
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'host'> {
  const { origin } = ctx;
  if (origin.type !== 'entity' || origin.from.kind !== owner.kind || origin.from.id !== owner.id)
    return { refuse: { reason: 'unauthorized', details: 'the owner of a battle asks for it' } };
  if (state.phase !== 'none')
    return state.owner?.kind === owner.kind && state.owner.id === owner.id
      ? {}
      : { refuse: { reason: 'invalid_request', details: 'this battle belongs to another' } };
  const fault = setupFault(setup) ?? (regions.length === 0 ? 'no region is named' : undefined);
  if (fault !== undefined) return { refuse: { reason: 'invalid_request', details: fault } };
  const into = parts();
  const members = [...setup.players, ...setup.spectators];
  const passwords = Object.fromEntries(members.map(({ userId }) => [userId, newPassword(ctx)]));
  into.events.push(event('hostingBegan', { owner, setup, regions, passwords }));
  into.timers.push({ name: HOSTING_TIMER, at: ctx.now + options.hostingMs, command: 'hostingOver' });
  pick(setup.engineVersion, regions[0]!, [], into);
  return into;
}

function pick(engine: string, region: string, not: readonly string[], into: Parts): void {
  into.sends.push({
    to: entity(AUTOHOST_POOL_KIND, region),
    command: 'pick',
    data: { engine, not },
    answer: 'picked',
    context: { region },
  });
}

/** The index has spoken. */
export function picked(
  state: MatchState,
  answer: MatchRules['picked']['data'],
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'picked'> {
  const { hosting, setup } = state;
  if (!hosting || hosting.asked !== null) return {};
  const reply: PickReply = answer.ok
    ? (answer.value as PickReply)
    : { autohost: null, why: 'no_autohost', young: false };
  const into = parts();
  if (reply.autohost !== null) {
    const { autohost } = reply;
    into.events.push(event('hostAsked', { autohost }));
    into.sends.push({
      to: entity(AUTOHOST_KIND, autohost),
      command: 'startBattle',
      data: { script: startScript(setup!, state.passwords) },
      answer: 'startHeard',
      context: { autohost },
    });
  } else if (reply.young)
    into.timers.push({ name: PICK_TIMER, at: ctx.now + options.pickAgainMs, command: 'pickAgain' });
  else exhausted(state, hosting, hosting.tried.length > 0 ? hosting.failure : reply.why, ctx, options, into);
  return into;
}

export function pickAgain(state: MatchState): Decided<'pickAgain'> {
  const into = parts();
  if (state.hosting?.asked === null) again(state, state.hosting, into);
  return into;
}

function again({ setup }: MatchState, { regions, region, tried }: Hosting, into: Parts): void {
  pick(setup!.engineVersion, regions[region]!, tried, into);
}

function exhausted(
  state: MatchState,
  hosting: Hosting,
  failure: HostFailure,
  ctx: DecideContext,
  options: MatchOptions,
  into: Parts,
): void {
  if (hosting.region + 1 >= hosting.regions.length) {
    fail(state, failure, ctx, options, into);
    return;
  }
  into.events.push(event('regionExhausted', { failure }));
  again(state, { ...hosting, region: hosting.region + 1 }, into);
}

/** The autohost's actor took the order, or did not. What the autohost itself says comes as `hostAnswered`. */
export function startHeard(
  state: MatchState,
  answer: MatchRules['startHeard']['data'],
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'startHeard'> {
  const { autohost } = answer.context as { readonly autohost: string };
  if (answer.ok || state.hosting?.asked !== autohost) return {};
  const reason = (answer.details as { readonly reason?: string }).reason;
  return next(state, state.hosting, reason === REASON_NO_ENGINE ? 'no_engine' : 'no_autohost', ctx, options);
}

/** The autohost answered `autohost/start`, or did not in time. */
export function hostAnswered(
  state: MatchState,
  outcome: MatchRules['hostAnswered']['data'],
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'hostAnswered'> {
  const { hosting } = state;
  const { origin } = ctx;
  const from = origin.type === 'entity' && origin.from.kind === AUTOHOST_KIND ? origin.from.id : undefined;
  if (from === undefined || !hosting || hosting.asked !== from) {
    // It is too late: whatever runs there is nobody's. Only the autohost that was chosen in the end is left alone.
    if (outcome.ok && from !== undefined && state.host?.autohost !== from) return { sends: [dismissal(from)] };
    return {};
  }
  if (outcome.ok) return run(state, { autohost: from, ip: addressOf(outcome.ips), port: outcome.port }, ctx, options);
  const failure = outcome.reason === 'engine_version_not_available' ? 'no_engine' : 'refused';
  return next(state, hosting, outcome.reason === 'timed_out' ? 'timed_out' : failure, ctx, options);
}

/** The engine listens on all of them; every player can reach the older kind. */
function addressOf(ips: readonly string[]): string {
  return ips.find((ip) => !ip.includes(':')) ?? ips[0]!;
}

function next(
  state: MatchState,
  hosting: Hosting,
  failure: HostFailure,
  ctx: DecideContext,
  options: MatchOptions,
): Parts {
  const into = parts();
  into.events.push(event('hostRefused', { failure }));
  if (hosting.tried.length >= options.hostsTriedMax) fail(state, failure, ctx, options, into);
  else again(state, hosting, into);
  return into;
}

export function hostingOver(
  state: MatchState,
  _: unknown,
  ctx: DecideContext,
  options: MatchOptions,
): Decided<'hostingOver'> {
  const { hosting } = state;
  if (!hosting) return {};
  const into = parts();
  if (hosting.asked !== null) into.sends.push(dismissal(hosting.asked));
  fail(state, 'timed_out', ctx, options, into);
  return into;
}

/** A player's actor that may have lost something asks. */
export function confirmBattle(
  state: MatchState,
  { userId }: MatchCommands['confirmBattle']['data'],
): Decided<'confirmBattle'> {
  if (userId === undefined) return { reply: { runs: state.phase === 'hosting' || state.phase === 'running' } };
  const isMember = membersOf(state).some((member) => member.userId === userId);
  return { reply: { runs: state.phase === 'running' && isMember } };
}
