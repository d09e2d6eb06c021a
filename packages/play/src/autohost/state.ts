import {
  type DecideContext,
  type Decision,
  type EventRecord,
  event,
  type Refusal,
  type TimerChange,
} from '@muster/runtime';
import type { AutohostStatus } from '@muster/tachyon';
import type { OpenRequest } from '../requests/contract.js';
import { findOpen, nextDeadline, noRequests, type RequestTable } from '../requests/table.js';
import { noRooms, type RoomsPart } from '../room/member.js';
import {
  type AutohostCommands,
  type AutohostEvents,
  type BattleNews,
  DEFAULT_REGION,
  REASON_UNKNOWN_CONNECTION,
  type RequestPurpose,
} from './contract.js';

/** Plain JSON; changed in place by `evolve` only. */
export interface AutohostState extends RoomsPart {
  session: Connection | null;
  /** Processes that listen to the topic: their loss is noticed. */
  listeners: string[];
  region: string;
  /** As it said last, on this connection or, while it is away, on the one before. */
  status: AutohostStatus | null;
  /** Since when it is away; null: it is connected, or never was. */
  lostAt: number | null;
  /** Time of the last update that is on record, in microseconds of its clock; 0: none. */
  since: number;
  requests: RequestTable<RequestPurpose>;
  battles: Record<string, FollowedBattle>;
  /** Given up while they may have run: killed when they show up. The newest last. */
  lost: string[];
  /** A report is on its way. */
  reporting: boolean;
}

export interface Connection {
  readonly id: string;
  readonly gateway: string;
  /** Its gateway is known to hold it. */
  confirmed: boolean;
  /** It has told its status. */
  ready: boolean;
}

export interface FollowedBattle {
  readonly since: number;
  /** What its match has not been sent. */
  queued: BattleNews[];
  /** Something is on its way there. */
  sending: boolean;
}

export function initialState(): AutohostState {
  return {
    session: null,
    listeners: [],
    region: DEFAULT_REGION,
    status: null,
    lostAt: null,
    since: 0,
    requests: noRequests(),
    battles: {},
    lost: [],
    reporting: false,
    ...noRooms(),
  };
}

/** Nothing that anybody would miss: the next connection begins anew. Without a battle there is nothing to replay. */
export function isBlank({ session, battles, requests, rooms }: AutohostState): boolean {
  if (Object.keys(rooms).length > 0) return false;
  return session === null && requests.open.length === 0 && Object.keys(battles).length === 0;
}

export type Decided<K extends keyof AutohostCommands> = Decision<
  AutohostState,
  AutohostEvents,
  AutohostCommands[K]['reply']
>;

/** Parts of a decision that several rules put together. */
export interface Parts {
  readonly events: EventRecord<AutohostEvents>[];
  readonly sends: NonNullable<Decided<'status'>['sends']>[number][];
  readonly timers: TimerChange[];
}

export function parts(): Parts {
  return { events: [], sends: [], timers: [] };
}

/** @returns why this sender is not the connection that the actor knows, or undefined. */
export function refuseStranger(state: AutohostState, ctx: DecideContext): Refusal | undefined {
  const { origin } = ctx;
  if (origin.type !== 'client' || origin.caller !== ctx.self.id)
    return { reason: 'unauthorized', details: 'only the autohost itself may say this' };
  return state.session?.id === origin.session ? undefined : { reason: REASON_UNKNOWN_CONNECTION };
}

export const UNCONFIRMED_TIMER = 'unconfirmed';
export const GONE_TIMER = 'gone';
export const ORPHAN_TIMER = 'orphans';
export const REQUESTS_TIMER = 'requests';
export const REPORT_TIMER = 'report';

/** Whoever speaks is there. */
export function confirm(state: AutohostState, into: Parts): void {
  if (!state.session || state.session.confirmed) return;
  into.events.push(event('confirmed', { session: state.session.id }));
  into.timers.push({ name: UNCONFIRMED_TIMER, at: null });
}

/** Opens requests: events, and the timer of the earliest deadline. `over`: numbers that this turn closes. */
export function ask(
  state: AutohostState,
  requests: readonly OpenRequest<RequestPurpose>[],
  into: Parts,
  over: readonly number[] = [],
): void {
  for (const n of over) if (findOpen(state.requests, n)) into.events.push(event('requestOver', { n }));
  for (const request of requests) into.events.push(event('asked', request));
  const kept = nextDeadline(state.requests, over);
  const added = requests.flatMap(({ deadlineAt }) => deadlineAt ?? []);
  const at = Math.min(...(kept === null ? [] : [kept]), ...added);
  into.timers.push(
    Number.isFinite(at) ? { name: REQUESTS_TIMER, at, command: 'requestsDue' } : { name: REQUESTS_TIMER, at: null },
  );
}
