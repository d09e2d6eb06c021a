// A player's actor is made of slices: each holds one part of the state and the rules, events and views about it. The actor itself
// only puts them together, so that a new part is one file and one line, and no part can grow over another unseen.
import type { EntityRef, Metrics } from '@muster/ports';
import type { Adopted, CommandMap, DecideContext, Decision, EventMap, Publication } from '@muster/runtime';
import type { Places, PrivateUser, User } from '@muster/tachyon';
import type { PlaceKind, PlayerEvents, SelfSnapshot } from './contract.js';
import type { PlayerOptions } from './options.js';
import type { PlaceRules } from './places.js';
import type { PlayerState } from './state.js';

/** What a rule of a slice decides. It may use events of other slices. */
export type Decided<R = unknown> = Decision<PlayerState, PlayerEvents, R>;

/** What a slice adds to a turn that another one answers. */
export type Pieces = Pick<Decided, 'events' | 'sends' | 'timers' | 'resolve'>;

/** Events of the session that other slices may have to follow in their own part. */
export type SessionEvent = 'attached' | 'adopted' | 'ended';

/** `C`: its commands, `E`: its events, `P`: its part of the state. */
export interface PlayerSlice<C extends CommandMap<C>, E extends EventMap<E>, P> {
  /** For errors and for people. */
  readonly name: string;
  /** Of its part's form; raised with each change that an older saved state does not fit. A part that is missing in a saved state begins as {@link initial}. */
  readonly version: number;
  initial(): P;
  readonly decide: {
    readonly [K in keyof C & string]: (
      state: PlayerState,
      data: C[K]['data'],
      ctx: DecideContext,
    ) => Decided<C[K]['reply']>;
  };
  readonly evolve: { readonly [K in keyof E & string]: (state: PlayerState, data: E[K], at: number) => void };
  readonly publish?: {
    readonly [K in keyof E & string]?: (state: PlayerState, data: E[K], self: EntityRef) => readonly Publication[];
  };
  /** What happens to its part with these events of the session, after the session's own. */
  readonly follow?: { readonly [K in SessionEvent]?: (state: PlayerState, data: PlayerEvents[K], at: number) => void };
  /** Its fields of `user/self`. */
  readonly selfView?: (state: PlayerState, self: EntityRef) => Partial<PrivateUser>;
  /** Its fields of what everybody may know; a `status` stands only while the player is online. */
  readonly publicView?: (state: PlayerState, self: EntityRef) => Partial<User>;
  /** Where the player is by this slice, by the kind of place; what commands that go to a `place` go by. */
  readonly places?: (state: PlayerState) => Places;
  /** What its kind of place means to the player. */
  readonly placeRules?: Readonly<Partial<Record<PlaceKind, PlaceRules>>>;
  /** Its fields of what a gateway reads first, beside `user/self`. */
  readonly snapshot?: (state: PlayerState, self: EntityRef) => Partial<SelfSnapshot>;
  /** The session ends for good in this turn: what its part must give up (leave the party, the lobby …). */
  readonly onEnded?: (state: PlayerState, ctx: DecideContext) => Pieces;
  /** Another connection takes over, or a session begins: who waits for an answer on the older one waits in vain. */
  readonly onAttached?: (state: PlayerState, ctx: DecideContext) => Pieces;
  /** The actor goes on in another process; perhaps without what happened last. */
  readonly onAdopted?: (state: PlayerState, adopted: Adopted, ctx: DecideContext) => Pieces;
  /** True while a session whose connection is lost must not end by time. {@link graceBegins} when it is over. */
  readonly holdsSession?: (state: PlayerState) => boolean;
  /** False where something would be lost by forgetting its part. Absent: never. */
  readonly blank?: (state: PlayerState) => boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: variance — a list of slices of unrelated parts has no other type.
export type AnySlice = PlayerSlice<any, any, any>;

/** The player that all slices make together, for those that speak for all of it. */
export interface Whole {
  /** What everybody may know, or undefined where no account has this id. */
  publicUser(state: PlayerState, self: EntityRef): User | undefined;
  /** Everything a client needs to rebuild its view. */
  privateUser(state: PlayerState, self: EntityRef): PrivateUser | undefined;
  places(state: PlayerState): Places;
  placeRules(kind: PlaceKind): PlaceRules;
  ended(state: PlayerState, ctx: DecideContext): Pieces;
  attached(state: PlayerState, ctx: DecideContext): Pieces;
  adopted(state: PlayerState, adopted: Adopted, ctx: DecideContext): Pieces;
  holdsSession(state: PlayerState): boolean;
}

/** What slices are made with. */
export interface SliceTools {
  readonly options: PlayerOptions;
  readonly metrics: Metrics;
  readonly whole: Whole;
}

/** Both, in this order. */
export function joined(...pieces: readonly Pieces[]): Pieces {
  return {
    events: pieces.flatMap(({ events }) => events ?? []),
    sends: pieces.flatMap(({ sends }) => sends ?? []),
    timers: pieces.flatMap(({ timers }) => timers ?? []),
    resolve: pieces.flatMap(({ resolve }) => resolve ?? []),
  };
}
