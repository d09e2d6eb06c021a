import type { EntityRef, Millis, Random } from '@muster/ports';

/** What may come over the wire or out of a snapshot. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Commands of a kind: name → what comes in and what is replied. Both must survive JSON. An interface or a type literal. */
export type CommandMap<C = Record<string, unknown>> = {
  readonly [K in keyof C]: { readonly data: unknown; readonly reply: unknown };
};
/** Events of a kind: name → its data. Must survive JSON. An interface or a type literal. */
export type EventMap<E = Record<string, unknown>> = { readonly [K in keyof E]: unknown };

/**
 * `replicated`: nothing leaves before a second place has it. `tick`: a batch per tick, at most two lost.
 * `ephemeral`: may be lost with its process and is rebuilt from others.
 */
export type Durability = 'replicated' | 'tick' | 'ephemeral';

/** Who sent a command. A client's session is one connection; its request numbers grow. */
export type Origin =
  | { readonly type: 'client'; readonly session: string; readonly request: number; readonly caller: string }
  | { readonly type: 'entity'; readonly from: EntityRef; readonly number: number }
  | { readonly type: 'timer'; readonly name: string }
  /** The runtime itself: a subscriber was lost. */
  | { readonly type: 'runtime' }
  | { readonly type: 'admin'; readonly who: string };

export interface DecideContext {
  readonly self: EntityRef;
  /** Wall clock. The same throughout the turn. */
  readonly now: Millis;
  readonly origin: Origin;
  readonly random: Random;
  /** Names this command's waiting sender; keep it in an event and pass it to `resolve` later, in whatever turn or process. */
  readonly ticket: ReplyTicket;
}

/** A deferred reply's name within its actor. Survives fail-over with the actor's state. */
export type ReplyTicket = string;

/** An event to be committed: one of the kind's own, with that event's data. Built by {@link event}. */
export type EventRecord<E extends EventMap<E> = EventMap> = {
  readonly [K in keyof E & string]: { readonly name: K; readonly data: E[K] };
}[keyof E & string];

/**
 * A command to another entity: delivered at least once, in effect once. Sends to one receiver go in order and one at a time:
 * the next leaves when the one before was answered, so a receiver that defers its answer holds up what follows from this sender.
 * The reply is dropped unless `answer` names a command.
 */
export interface Send {
  readonly to: EntityRef;
  readonly command: string;
  readonly data: unknown;
  /** Command of *this* kind that gets an {@link Answer} when the other has replied. */
  readonly answer?: string;
  /** Comes back with the answer. */
  readonly context?: unknown;
}

/** A timer: `at` an instant like `ctx.now` (wall clock, as it must mean the same in the next owner's process), or null to cancel. Setting a name
 *  again replaces it. When due, `command` is handled with `data`, once, never early. */
export type TimerChange =
  | { readonly name: string; readonly at: Millis; readonly command: string; readonly data?: unknown }
  | { readonly name: string; readonly at: null };

/** What the answer of {@link Send} looks like. */
export type Answer = {
  readonly from: { readonly kind: string; readonly id: string };
  readonly context: unknown;
} & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly details: unknown }
);

export interface Refusal {
  /** A reason of the caller's protocol (for Tachyon: the command's failure reason). */
  readonly reason: string;
  readonly details?: string | undefined;
}

/**
 * What a turn decided. Nothing has happened yet: the runtime applies events with `evolve`, records everything, and lets
 * replies, sends and publications out when the record is durable. Exactly one of `reply`, `refuse`, `defer` answers the sender;
 * none of them means `reply: null`.
 */
export interface Decision<S, E extends EventMap<E>, R> {
  readonly events?: readonly EventRecord<E>[];
  readonly sends?: readonly Send[];
  readonly timers?: readonly TimerChange[];
  /** The value, or how to make it from the state after the events. `stream`: number of the actor's event stream then; events that come after it are news. */
  readonly reply?: R | ((state: S, stream: number) => R);
  readonly refuse?: Refusal;
  /** The sender goes on waiting until some turn resolves `ctx.ticket`. */
  readonly defer?: true;
  /** Answers senders whose replies were deferred. */
  readonly resolve?: readonly { readonly ticket: ReplyTicket; readonly reply?: unknown; readonly refuse?: Refusal }[];
}

/** Whose clients may see a publication, by user id: `only` these, or all `except` these. */
export interface Audience {
  readonly only?: readonly string[];
  readonly except?: readonly string[];
}

/** What subscribers of one topic see of an event. */
export interface Publication {
  readonly topic: string;
  readonly name: string;
  readonly data: unknown;
  /** Absent: everybody who follows the topic. The gateway holds to it; a snapshot of the topic is for everybody. */
  readonly to?: Audience;
}

export interface ActorDefinition<S, C extends CommandMap<C>, E extends EventMap<E>> {
  readonly durability: Durability;
  /** Of the state's form in snapshots. Raised with every change that old snapshots do not fit; `upgrade` reads older ones. */
  readonly version: number;
  /** Key that decides the shard; `kind/id` where absent. */
  readonly placementKey?: (id: string) => string;
  /** Idle time after which the actor leaves memory. */
  readonly passivateAfterMs?: Millis;
  /** State of an entity that nobody has heard of. `seed` is what `load` returned. */
  initial(id: string, seed: unknown): S;
  /** Reads what outlives the cluster before the first turn, where no state exists. Rejecting refuses the waiting commands (retryable). */
  readonly load?: (id: string) => Promise<unknown>;
  /** True where nothing would be lost by forgetting this state: it need not be kept when idle. */
  readonly blank?: (state: S) => boolean;
  /** Rules: pure, synchronous, may refuse. */
  readonly decide: {
    readonly [K in keyof C & string]: (
      state: S,
      data: C[K]['data'],
      ctx: DecideContext,
    ) => Decision<S, E, C[K]['reply']>;
  };
  /** Applies one event to the state, in place. May not fail, look at the clock, or draw lots. */
  readonly evolve: { readonly [K in keyof E & string]: (state: S, data: E[K], at: Millis) => void };
  /** What subscribers get to see of an event, from the state after it. Absent: nothing. */
  readonly publish?: {
    readonly [K in keyof E & string]?: (state: S, data: E[K], self: EntityRef) => readonly Publication[];
  };
  /** State of a topic for a new subscriber or one that missed something. A topic that is not here does not exist. */
  readonly topics?: Readonly<Record<string, (state: S, self: EntityRef) => unknown>>;
  /** Topic → command handled with `{ subscriber }` when a process that listened to the topic is gone or cut off. */
  readonly subscriberLost?: Readonly<Record<string, keyof C & string>>;
  /** Topic → command handled with `{ subscriber }` whenever a process asks for the topic: for the first time, again, or back after it was lost. */
  readonly subscriberCame?: Readonly<Record<string, keyof C & string>>;
  /**
   * Command handled once, with an `Adopted`, where an actor goes on in another process than the one that ran it, from its copy there or
   * from storage: before any other command, or some time after the shard came. Nobody listens to it any more, and nobody said that they went.
   */
  readonly adopted?: keyof C & string;
  /** State to JSON and back, where the state itself is not plain JSON. */
  readonly save?: (state: S) => unknown;
  readonly restore?: (saved: unknown) => S;
  /** Turns a saved state of an older version into one of this version (still as saved). */
  readonly upgrade?: (saved: unknown, version: number) => unknown;
  /** For operators: what to show of the state. Default: the saved form. */
  readonly describe?: (state: S) => unknown;
}

/** A kind of virtual actor. */
export interface ActorKind<S = unknown, C extends CommandMap<C> = CommandMap, E extends EventMap<E> = EventMap>
  extends ActorDefinition<S, C, E> {
  readonly kind: string;
}

/** A kind whose types the holder need not know: what the runtime keeps in its list. */
// biome-ignore lint/suspicious/noExplicitAny: variance — a list of kinds of unrelated states has no other type.
export type AnyActorKind = ActorKind<any, any, any>;
