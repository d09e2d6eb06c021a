// What a player asks of storage. A turn cannot wait for it, so the client's request is deferred and a send goes to a service, which is asked until it
// answers, whoever dies meanwhile. While storage is away nothing is answered: the client's request fails at its gateway's deadline, and may have
// been obeyed nevertheless when storage is back.
import {
  type Answer,
  type DecideContext,
  type EventRecord,
  event,
  type Refusal,
  type ReplyTicket,
} from '@muster/runtime';
import type { ErrandsEvents, PlayerEvents } from './contract.js';
import type { PlayerOptions } from './options.js';
import type { Decided, PlayerSlice, SliceTools } from './slice.js';
import { type ErrandsPart, type PlayerState, refuseStranger, stillThere } from './state.js';

/** Counts them. The slices that send them have the commands. */
export function errandsSlice(_: SliceTools): PlayerSlice<Record<never, never>, ErrandsEvents, ErrandsPart> {
  return {
    name: 'errands',
    version: 1,
    initial: () => ({ errands: [] }),
    decide: {},
    evolve: {
      errandBegun: (state, { ticket }) => {
        state.errands = [...state.errands, ticket];
      },
      errandEnded: (state, { ticket }) => {
        state.errands = state.errands.filter((one) => one !== ticket);
      },
    },
    blank: ({ errands }) => errands.length === 0,
  };
}

export interface Errand {
  /** Kind of the service. */
  readonly service: string;
  readonly command: string;
  readonly data: unknown;
  /** Command of the player's actor that gets the answer. */
  readonly answer: string;
  /** Comes back with the answer, beside what is needed here. */
  readonly context?: object;
}

interface ErrandContext {
  readonly ticket: ReplyTicket;
}

/** A client's request becomes a question to a service. */
export function errand(
  state: PlayerState,
  { service, command, data, answer, context }: Errand,
  ctx: DecideContext,
  { errandsMax }: PlayerOptions,
): Decided<never> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  if (state.errands.length >= errandsMax)
    return { refuse: { reason: 'internal_error', details: `${errandsMax} requests wait already, try again` } };
  const { ticket } = ctx;
  const back = stillThere(state);
  return {
    events: [...back.events, event('errandBegun', { ticket })],
    timers: back.timers,
    // All of one player to one id: they are done in their order.
    sends: [{ to: { kind: service, id: ctx.self.id }, command, data, answer, context: { ...context, ticket } }],
    defer: true,
  };
}

/** What an answer means for the client that waits. */
export interface ErrandEnd {
  readonly ticket: ReplyTicket;
  readonly events: readonly EventRecord<PlayerEvents>[];
  /** Absent: it was done. */
  readonly refuse?: Refusal;
}

export function errandEnd(answer: Answer): ErrandEnd {
  const { ticket } = answer.context as ErrandContext;
  const events = [event('errandEnded', { ticket })];
  return answer.ok ? { ticket, events } : { ticket, events, refuse: refusalOf(answer) };
}

function refusalOf({ code, details }: Extract<Answer, { readonly ok: false }>): Refusal {
  if (code === 'REFUSED') return details as Refusal;
  // What storage cannot keep: a text with NUL, for one.
  if (code === 'INVALID_REQUEST') return { reason: 'invalid_request', details: 'this cannot be kept' };
  return { reason: 'internal_error', details: 'it could not be done' };
}
