import type { EntityRef, Millis } from '@muster/ports';
import type { ReplyTicket } from './actor.js';
import type { DeliveryOrigin, JsonText, Outcome } from './host.js';

/**
 * What one turn may change, and all it may change: an actor's envelope changes only by applying these, in order, so that a copy
 * which applies the same entries is the same actor (K8). Values that only pass through are JSON text; `data` of an event is the
 * value itself, so a log that ships records encodes them in `append`, before the state can change again. Entries survive JSON.
 */
export type Entry =
  /** First entry of an actor's life. `seed`: what `load` returned. `stream`: where its event numbers start. */
  | { readonly type: 'born'; readonly seed: unknown; readonly stream: number }
  /** First entry of its life in the shard that it was carved into (K1): all that it was, as {@link saveEnvelope} gave it, and what it published last. */
  | { readonly type: 'carved'; readonly text: JsonText; readonly recent: JsonText }
  /** `stream`: the actor's stream number after this event. */
  | {
      readonly type: 'event';
      readonly name: string;
      readonly data: unknown;
      readonly at: Millis;
      readonly stream: number;
    }
  /** A command for another entity, to be repeated until `acked`. */
  | ({ readonly type: 'send' } & Outgoing)
  | { readonly type: 'acked'; readonly number: number }
  | {
      readonly type: 'timer';
      readonly name: string;
      readonly at: Millis;
      readonly command: string;
      readonly json: JsonText;
    }
  | { readonly type: 'cancelled'; readonly name: string }
  /** The timer's command was handled. */
  | { readonly type: 'fired'; readonly name: string }
  /** Another entity's command was handled; `outcome` null while its answer is deferred. */
  | {
      readonly type: 'received';
      readonly from: string;
      readonly number: number;
      readonly outcome: Outcome | null;
      readonly at: Millis;
      /** The client command that led to it, where there were events: a new owner may have to publish them (K16). */
      readonly cause?: string;
    }
  /** A client's command was answered (K11). */
  | {
      readonly type: 'reply';
      readonly session: string;
      readonly request: number;
      readonly answered: number;
      readonly outcome: Outcome;
      readonly at: Millis;
    }
  /** The sender goes on waiting. Again with the same ticket: it now waits elsewhere. */
  | { readonly type: 'defer'; readonly ticket: ReplyTicket; readonly origin: DeliveryOrigin; readonly cause: string }
  | { readonly type: 'resolve'; readonly ticket: ReplyTicket; readonly outcome: Outcome; readonly at: Millis };

/** A send that waits for its answer. */
export interface Outgoing {
  /** Of this actor's sends: grows, also over lives of the actor (see `numbering.ts`). */
  readonly number: number;
  readonly to: EntityRef;
  readonly command: string;
  readonly json: JsonText;
  /** Command of the sender that gets the answer; empty: nobody wants it. */
  readonly answer: string;
  readonly context: JsonText;
  readonly cause: string;
  readonly trace: string;
}
