import type { EntityRef, ErrorCode, Millis, ShardId, Term, TraceParent } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';

/** Who sends a command, as far as the way there and back is concerned. */
export type CallOrigin =
  | {
      readonly type: 'client';
      /** Unique in the cluster: `<gateway peer>/<n>`. */
      readonly session: string;
      /** Grows within the session. */
      readonly request: number;
      /** Every request of the session up to this one was answered (K11). */
      readonly answered: number;
      /** Player the session signed in as. */
      readonly caller: string;
    }
  | { readonly type: 'entity'; readonly from: EntityRef; readonly number: number }
  | { readonly type: 'admin'; readonly who: string };

/** A command on its way to whoever owns the entity. */
export interface Call {
  readonly entity: EntityRef;
  /** Command of the actor's kind. */
  readonly name: string;
  /** JSON text in UTF-8. */
  readonly data: Uint8Array;
  readonly origin: CallOrigin;
  /** From now; 0: none but the hold limit. */
  readonly deadlineMs: Millis;
  readonly trace: TraceParent;
  /** `session:request` of the client command that led to this; empty: none, or this one. */
  readonly cause: string;
}

export type ErrorData = Readonly<Record<string, unknown>>;

export type RoutedOutcome =
  /** `data`: the reply, JSON text in UTF-8. */
  | { readonly ok: true; readonly data: Uint8Array; readonly shard: ShardId; readonly term: Term }
  | { readonly ok: false; readonly code: ErrorCode; readonly details: ErrorData };

/** Called exactly once per call, also when the router stops (STOPPING). May be called within `call`. */
export type CallDone = (outcome: RoutedOutcome) => void;

/** Puts a call before everything that waits for this shard. */
export type CallInFront = (call: Call, done: CallDone) => void;

/**
 * The shard has an owner that can be reached, and this (owner, term, link) is new: state may be lost, subscriptions are.
 * Called before anything is sent there; `front` puts re-attach commands ahead of what is sent again.
 */
export type OwnerListener = (shard: ShardId, row: ShardRow, front: CallInFront) => void;

/**
 * Commands to entities, wherever they are. A command is sent to the owner its shard has; it waits (bounded) while there is
 * none, and is sent again under the same request id after a redirect, a lost link or a new owner. Per shard, commands reach the
 * owner in the order of the calls (K14). Callbacks, not promises: this is the hot path.
 */
export interface CommandRouter {
  /**
   * Fails with retryable codes NO_OWNER, UNREACHABLE, SHARD_MOVING, SELF_FENCED (held for too long), HOLD_FULL,
   * TOO_MANY_REQUESTS, DEADLINE_EXCEEDED; and with whatever the actor's runtime answered (REFUSED: `details.reason`).
   */
  call(call: Call, done: CallDone): void;
  onOwner(listener: OwnerListener): () => void;
  /** Calls that were neither answered nor given up. */
  readonly pending: number;
}
