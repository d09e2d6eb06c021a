import { entity } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import type { AutohostStatus } from '@muster/tachyon';
import {
  AUTOHOST_POOL_KIND,
  type AutohostCommands,
  type PoolReport,
  REASON_NO_ENGINE,
  REASON_NO_ROOM,
  REASON_NOT_CONNECTED,
} from './contract.js';
import type { AutohostOptions } from './options.js';
import {
  type AutohostState,
  confirm,
  type Decided,
  ORPHAN_TIMER,
  type Parts,
  parts,
  REPORT_TIMER,
  refuseStranger,
} from './state.js';

/** What the autohost says of itself. It is its first word on every connection, and said again whenever it changes. */
export function status(
  state: AutohostState,
  data: AutohostStatus,
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'status'> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const into = parts();
  confirm(state, into);
  into.events.push(event('statusTold', data));
  const follows = Object.keys(state.battles).length > 0;
  // A count that was higher before tells nothing new; one that stays at nothing does.
  if (data.currentBattles > 0 || !follows) into.timers.push({ name: ORPHAN_TIMER, at: null });
  else if (!state.session!.ready || state.status?.currentBattles !== 0)
    into.timers.push({ name: ORPHAN_TIMER, at: ctx.now + options.orphanMs, command: 'orphansDue' });
  const next = { ...state, status: data, session: { ...state.session!, ready: true } };
  report(next, into);
  into.timers.push({ name: REPORT_TIMER, at: ctx.now + options.reportMs, command: 'reportDue' });
  return into;
}

/** @returns why it cannot take a battle on this engine, or undefined. */
export function refuseBattle(state: AutohostState, engine: string, options: AutohostOptions): string | undefined {
  const { status, session, battles } = state;
  if (!session?.ready || !status) return REASON_NOT_CONNECTED;
  if (!status.availableEngines.includes(engine)) return REASON_NO_ENGINE;
  if (loadOf(state) >= status.maxBattles) return REASON_NO_ROOM;
  return Object.keys(battles).length >= options.battlesMax ? REASON_NO_ROOM : undefined;
}

/** Battles that it runs and those that are being started, which it does not count yet. */
function loadOf({ status, requests }: AutohostState): number {
  const starting = requests.open.filter(({ context }) => context.for === 'start').length;
  return (status?.currentBattles ?? 0) + starting;
}

/** Tells the index of its region, unless a report is on its way: then again when it was heard. */
export function report(state: AutohostState, into: Parts): void {
  if (state.reporting) return;
  const data = reportOf(state);
  into.events.push(event('reporting', { on: true }));
  // What was reported comes back: has it changed meanwhile?
  into.sends.push({
    to: entity(AUTOHOST_POOL_KIND, state.region),
    command: 'report',
    data,
    answer: 'reported',
    context: data,
  });
}

function reportOf(state: AutohostState): PoolReport {
  const { session, status } = state;
  return {
    connected: session?.ready === true,
    maxBattles: status?.maxBattles ?? 0,
    battles: loadOf(state),
    engines: status?.availableEngines ?? [],
  };
}

export function isSameReport(a: PoolReport, b: PoolReport): boolean {
  return (
    a.connected === b.connected &&
    a.battles === b.battles &&
    a.maxBattles === b.maxBattles &&
    a.engines.join() === b.engines.join()
  );
}

/** The index forgets who is silent. */
export function reportDue(
  state: AutohostState,
  _: AutohostCommands['reportDue']['data'],
  ctx: DecideContext,
  options: AutohostOptions,
): Decided<'reportDue'> {
  if (!state.session) return {};
  const into = parts();
  report(state, into);
  into.timers.push({ name: REPORT_TIMER, at: ctx.now + options.reportMs, command: 'reportDue' });
  return into;
}

export function reported(state: AutohostState, { context }: AutohostCommands['reported']['data']): Decided<'reported'> {
  const into = parts();
  if (isSameReport(context as PoolReport, reportOf(state))) into.events.push(event('reporting', { on: false }));
  else report({ ...state, reporting: false }, into);
  return into;
}
