import type { EntityRef, ErrorCode, PeerId, ShardId, Term } from '@muster/ports';
import type { Audience } from '@muster/runtime';
import type { ErrorData } from '../routing/call.js';

/** One event of an actor's topic, or the topic's state as of `number`. */
export interface StreamEvent {
  readonly entity: EntityRef;
  readonly topic: string;
  /** Name of the publication; empty: a snapshot. */
  readonly name: string;
  /** JSON text in UTF-8. */
  readonly data: Uint8Array;
  /** Of the actor's stream. */
  readonly number: number;
  /** `session:request` of the client command that led to this, or empty: that client gets its reply first (K16). */
  readonly cause: string;
  /** Whose clients may see it; empty lists say nothing. A listener that speaks for users holds to it. */
  readonly to: Required<Audience>;
  readonly shard: ShardId;
  readonly term: Term;
  readonly owner: PeerId;
}

export interface StreamListener {
  /** The next event; none is missing between the last snapshot or event and this one. */
  event(event: StreamEvent): void;
  /** The topic's whole state: first, where asked for; and whenever events in between are not kept any more. */
  snapshot(snapshot: StreamEvent): void;
  /** Last call: the subscription was refused for good (no such topic, no such entity). */
  lost(code: ErrorCode, details: ErrorData): void;
}

export interface StreamHandle {
  /** Ends it; nothing is called any more. */
  close(): void;
}

export interface SubscribeOptions {
  /** Send this listener the topic's state first. Without it, only what happens from now on. */
  readonly snapshot?: boolean;
}

/** Events of actors, wherever they are: once per (entity, topic) and process, fanned out to any number of listeners (K16). */
export interface EventStreams {
  /** Never calls the listener before it returns. */
  subscribe(entity: EntityRef, topic: string, options: SubscribeOptions, listener: StreamListener): StreamHandle;
  /** (entity, topic) pairs that are listened to. */
  readonly size: number;
}
