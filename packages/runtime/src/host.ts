import type { EntityRef, ErrorCode, Millis, ShardId, Term, TraceParent } from '@muster/ports';
import type { Audience, Json } from './actor.js';
import type { ActorSnapshot, SavedActor } from './envelope.js';

/**
 * A value as JSON text. Whatever leaves an actor is encoded when its turn ends: the actor may change its state while a reply
 * waits for its log position, and two actors of one process must not share objects that two processes would not.
 */
export type JsonText = string;

/** A command on its way into an actor of this process. */
export interface Delivery {
  readonly entity: EntityRef;
  readonly command: string;
  /** JSON in UTF-8 as it came over the wire, or its text; parsed when the command's turn comes. */
  readonly data: Uint8Array | JsonText;
  readonly origin: DeliveryOrigin;
  /** On the runtime's monotonic clock; Infinity: none. */
  readonly deadline: Millis;
  /** `session:request` of the client command that led to this, or empty. */
  readonly cause: string;
  readonly trace: TraceParent;
}

/** `flight` and `call` are the carrier's: they come back with the answer, untouched, and mean nothing to the runtime. */
export type DeliveryOrigin =
  | {
      readonly type: 'client';
      readonly session: string;
      readonly request: number;
      /** Every request of the session up to this one was answered: its replies need not be kept (K11). */
      readonly answered: number;
      /** Process that waits for the reply. */
      readonly replyTo: string;
      /** Player the session signed in as, vouched for by its gateway. */
      readonly caller: string;
      readonly flight?: number;
      readonly call?: number;
    }
  | {
      readonly type: 'entity';
      readonly from: EntityRef;
      readonly number: number;
      readonly replyTo: string;
      readonly flight?: number;
      readonly call?: number;
    }
  | {
      readonly type: 'admin';
      readonly who: string;
      readonly request: number;
      readonly replyTo: string;
      readonly flight?: number;
      readonly call?: number;
    };

export type Outcome =
  | { readonly ok: true; readonly json: JsonText }
  | { readonly ok: false; readonly code: ErrorCode; readonly details: Readonly<Record<string, Json>> };

/** Where what an actor decided leaves the runtime. Called only when it is durable. */
export interface Outlet {
  /** The answer to a delivery; after fail-over, perhaps in another process than took it. */
  reply(to: DeliveryOrigin, shard: ShardId, term: Term, outcome: Outcome): void;
  /** A command to another entity. Repeated until {@link ActorHost.answered} is called. */
  send(message: OutboundSend): void;
  /** To one subscriber of a topic. */
  publish(subscriber: string, event: PublishedEvent): void;
}

export interface OutboundSend {
  readonly from: EntityRef;
  readonly fromShard: ShardId;
  readonly number: number;
  readonly to: EntityRef;
  readonly command: string;
  readonly json: JsonText;
  readonly cause: string;
  readonly trace: TraceParent;
}

export interface PublishedEvent {
  readonly entity: EntityRef;
  readonly shard: ShardId;
  readonly term: Term;
  readonly topic: string;
  /** Of the actor's stream: grows by at least one with each event, and never restarts lower, even where state was lost. */
  readonly number: number;
  /** Number of the topic's event before this one, or a lower bound of it. Greater than the last number you have: you missed something. */
  readonly previous: number;
  /** Empty: a snapshot of the topic's state as of `number`. */
  readonly name: string;
  readonly json: JsonText;
  readonly cause: string;
  /** Absent: for everybody. */
  readonly to?: Audience;
}

export interface Subscription {
  /** Process that listens. */
  readonly subscriber: string;
  readonly entity: EntityRef;
  readonly topic: string;
  /** Last number the subscriber has. */
  readonly after: number;
  /** Send the topic's state first, whatever `after` says. */
  readonly snapshot: boolean;
}

/** Ownership of one shard, as this process last heard it. */
export type ShardState = 'loading' | 'open' | 'sealed' | 'closed';

/**
 * How an actor came to its present process: from the copy of a backup that was `promoted`, of a target that the shard `moved` to, or
 * `loaded` from storage. `mayLack`: its former owner may have let out what is not in it, up to a second's worth.
 */
export interface Adopted {
  readonly how: 'promoted' | 'moved' | 'loaded';
  readonly mayLack: boolean;
}

export interface HostStats {
  readonly shards: number;
  readonly actors: number;
  /** Actors that left memory but whose state is kept as bytes. */
  readonly parked: number;
  readonly mailboxed: number;
  readonly timers: number;
}

/** A shard's actors as they come to a new owner. */
export interface Adoption extends Adopted {
  /** By `kind/id`. */
  readonly actors: ReadonlyMap<string, SavedActor>;
  /** Of those, who stands still until {@link ActorHost.unhold}. */
  readonly held?: readonly string[];
  /** Ungated kinds stand still for so long: their former process may not have noticed yet that it is fenced. */
  readonly fencedMs: Millis;
}

/** Virtual actors of one process: what `cluster` sees of this package. Implemented by `ActorRuntime`. */
export interface ActorHost {
  /** This process owns the shard in `term` from now on; one that is opened for the first time goes on from `adoption`, if any. */
  open(shard: ShardId, term: Term, adoption?: Adoption): void;
  /** This process owns the shard, but its actors are not here yet: until `open` whoever asks hears SHARD_MOVING. */
  load(shard: ShardId, term: Term): void;
  /** The actor as it is now, to be stored; undefined: there is nothing of it. `unreadable`: what is here cannot be told as one text. */
  snapshot(shard: ShardId, entity: EntityRef): ActorSnapshot | 'unreadable' | undefined;
  /** What the actor's turns recorded can be kept nowhere: nothing more of it leaves, and whoever wants it hears STATE_DAMAGED. */
  setAside(shard: ShardId, entity: EntityRef, cause: string): void;
  /** Every actor of a `replicated` kind that has a record, as it is when it is asked for: what changes meanwhile is in the log. */
  copies(shard: ShardId): Iterable<readonly [entity: string, saved: SavedActor]>;
  /** The same of a sealed shard that is closed next; encoded when somebody reads them. */
  leftovers(shard: ShardId): Iterable<readonly [entity: string, saved: SavedActor]>;
  /** Names of those actors. */
  logged(shard: ShardId): Iterable<string>;
  /** Every actor of the other kinds that has changed since it was born: what no log has. Of a sealed shard: what goes with a hand-off. */
  unlogged(shard: ShardId): Iterable<readonly [entity: string, saved: SavedActor]>;
  /**
   * Nothing is delivered any more; timers, mailboxes and sends stand still, and nobody leaves memory. What was decided before still
   * leaves at its place in the log. Turns are synchronous: none is under way when this returns. Undone by `unseal`, or by
   * `open` with a newer term.
   */
  seal(shard: ShardId): Promise<void>;
  /** Ends the seal of that term. Nothing where the shard is not sealed any more: it may have been closed meanwhile, and has no log. */
  unseal(shard: ShardId, term: Term): void;
  /**
   * Puts the actor, as it is, into another shard of this process (K1), and holds it in both: no turn, what comes waits. False: not at the
   * moment (a shard is not open, or the actor is just coming to life).
   */
  carve(entity: EntityRef, from: ShardId, into: ShardId): boolean;
  /** The shard has nothing of it any more, and its log says so; who waits there gets NOT_OWNER. Also where it is not awake here. */
  drop(shard: ShardId, entity: EntityRef): void;
  /** What {@link carve} held in this shard goes on here. */
  unhold(shard: ShardId, entity: EntityRef): void;
  /** Runs once all that the shard's log has now is in its second place; never where the shard is closed before. */
  onceDurable(shard: ShardId, run: () => void): void;
  /** This process no longer owns the shard: state is dropped, waiting commands get NOT_OWNER. */
  close(shard: ShardId): void;
  stateOf(shard: ShardId): ShardState;
  termOf(shard: ShardId): Term | undefined;
  /** Actors alive or parked in the shard. While its ungated kinds stand still there is one more: whoever got it as empty would not wait for the fence. */
  actorsIn(shard: ShardId): number;
  /** Never throws: what cannot be taken is answered through the outlet. */
  deliver(shard: ShardId, delivery: Delivery): void;
  /**
   * The other entity answered one of our sends: it is repeated no more, and its sender hears the answer where it asked to.
   * A retryable error is no answer: the send is repeated. Callers need not repeat anything themselves.
   */
  answered(from: EntityRef, shard: ShardId, number: number, outcome: Outcome): void;
  /** Resolves once the subscription stands. @throws MusterError NOT_OWNER, NOT_FOUND (no such topic), ACTIVATION_FAILED */
  subscribe(shard: ShardId, subscription: Subscription): Promise<void>;
  unsubscribe(shard: ShardId, subscriber: string, entity: EntityRef, topic: string): void;
  /** That process is gone: all its subscriptions end. */
  forgetSubscriber(subscriber: string): void;
  /** Stops (true) or resumes (false) every ungated actor: the self-fence. Checked at the start of each drain and each timer. */
  freeze(frozen: boolean): void;
  /** For operators: what is known of one entity here, or undefined. */
  inspect(shard: ShardId, entity: EntityRef): Json | undefined;
  stats(): HostStats;
  /** Finishes what runs and ends everything. */
  shutdown(): Promise<void>;
}
