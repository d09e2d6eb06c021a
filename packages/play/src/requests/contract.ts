import type { Millis } from '@muster/ports';

// Requests of the server to its clients: `battle/start` to a player, everything to an autohost.
//
//   actor: open(n) ── notice muster:request on its own topic ──► gateway ── request frame ──► client
//   actor: close(n) ◄── command `answered` ── gateway ◄── response frame ──────────────────────┘
//
// The open ones are part of the topic's state, so a new connection, a new gateway and a new owner of the actor ask them again: a client may
// see one twice, on two connections. On one connection a gateway asks each number once. Whose answer never comes is closed by its deadline,
// by the actor; the gateway is told (`muster:requestOver`) and passes over an answer that comes later.

/** {@link RequestNotice} */
export const NOTICE_REQUEST = 'muster:request';
/** {@link RequestOverNotice}: nobody waits for the answer any more. */
export const NOTICE_REQUEST_OVER = 'muster:requestOver';

/** A request that was not answered. `C`: what the actor wants back with the answer; no client sees it. */
export interface OpenRequest<C = unknown> {
  /** Grows; never given twice by an actor, even one that lost its state. */
  readonly n: number;
  readonly commandId: string;
  readonly data: unknown;
  /** Wall clock; null: it waits until the actor closes it. */
  readonly deadlineAt: Millis | null;
  readonly context: C;
}

/** As the gateway hears of it, in a notice or in the topic's snapshot. */
export interface RequestNotice {
  readonly session: string;
  readonly n: number;
  readonly commandId: string;
  readonly data: unknown;
}

export interface RequestOverNotice {
  readonly session: string;
  readonly n: number;
}

/** Data of the actor's command `answered`, from the gateway of its session: a checked answer. */
export type AnsweredData = { readonly n: number } & (
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly reason: string; readonly details?: string }
);
