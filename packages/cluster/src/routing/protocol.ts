// The way of one shard's commands, as one sending process sees it (K14).
//
// States:   waiting  nobody to send to: no owner, no link to it, or it bounced what was sent and its time is not up yet
//           flying   commands go to one owner, in order; every change of owner, term or link starts the next flight
// Inputs:   place (the table or a bounce says who owns the shard), linked/unlinked (a peer's link came or went),
//           bounced (the owner refused a command of a flight: it owns it no more, is sealed, or fenced), tick.
// Effects:  hold (everything unanswered waits again), announce (this owner, term and link are new), fly (send everything
//           unanswered, oldest first, then what comes).
//
// Why order holds: a flight is numbered, the number travels with each command, and an owner that bounced one command of a
// flight bounces all later ones of it. So nothing of an old flight is executed after something of it was sent back, and a new flight
// begins with the oldest unanswered command. A bounce of an older flight is not news.
// Who may die when: the owner at any time: its link goes down (hold), a row with a new term comes (fly). The sender: the owner
// forgets its flights with its link. A table that is late: the bounce carries owner and term, the newer of both counts.
import { type ErrorCode, type Millis, type PeerId, type Term, term } from '@muster/ports';
import type { RouterOptions } from './options.js';

/** Why commands wait; also the error they get when they waited for too long. */
export type HoldReason = BounceCode | 'NO_OWNER' | 'UNREACHABLE';

/** Answers that say "not here, not now": the command was not executed and goes on waiting. */
export type BounceCode = 'NOT_OWNER' | 'SHARD_MOVING' | 'SELF_FENCED' | 'STOPPING';

export interface Place {
  readonly owner: PeerId | '';
  readonly term: Term;
}

export interface Route {
  readonly phase: 'waiting' | 'flying';
  /** The newest that was heard of. */
  readonly place: Place;
  /** The place's owner has a link. */
  readonly linked: boolean;
  /** Number of the last flight. */
  readonly flight: number;
  readonly flyingSince: Millis;
  /** Bounces in a row: how long to wait after the next. */
  readonly bounces: number;
  /** Waiting: why. */
  readonly why: HoldReason;
  /** Waiting after a bounce: when to try the same owner again. Infinity: not by time. */
  readonly retryAt: Millis;
  /** This owner, term and link were announced. */
  readonly announced: boolean;
}

export type RouteInput =
  | { readonly type: 'place'; readonly place: Place; readonly linked: boolean }
  | { readonly type: 'linked'; readonly peer: PeerId }
  | { readonly type: 'unlinked'; readonly peer: PeerId }
  | {
      readonly type: 'bounced';
      readonly by: PeerId;
      /** Of the command; 0: unknown. */
      readonly flight: number;
      readonly code: BounceCode;
      /** Where the bouncing process believes the shard to be. */
      readonly place: Place;
      /** That owner has a link. */
      readonly linked: boolean;
    }
  | { readonly type: 'tick' };

export type RouteEffect =
  | { readonly type: 'hold'; readonly why: HoldReason }
  | { readonly type: 'announce'; readonly to: PeerId; readonly term: Term }
  | { readonly type: 'fly'; readonly to: PeerId; readonly term: Term; readonly flight: number };

export interface RouteStep {
  readonly route: Route;
  readonly effects: readonly RouteEffect[];
}

const NONE: readonly RouteEffect[] = [];
const BOUNCES: ReadonlySet<string> = new Set<BounceCode>(['NOT_OWNER', 'SHARD_MOVING', 'SELF_FENCED', 'STOPPING']);

export function isBounce(code: ErrorCode): code is BounceCode {
  return BOUNCES.has(code);
}

export function newRoute(): Route {
  return {
    phase: 'waiting',
    place: { owner: '', term: term(0) },
    linked: false,
    flight: 0,
    flyingSince: 0,
    bounces: 0,
    why: 'NO_OWNER',
    retryAt: Number.POSITIVE_INFINITY,
    announced: false,
  };
}

/** Rows of older terms are passed over (fence 3); within one term there is one owner. */
export function isNewerPlace(heard: Place, known: Place): boolean {
  return heard.term > known.term;
}

export function step(
  route: Route,
  input: RouteInput,
  now: Millis,
  options: RouterOptions,
  isNewer: typeof isNewerPlace = isNewerPlace,
): RouteStep {
  switch (input.type) {
    case 'place':
      if (!isNewer(input.place, route.place)) return { route, effects: NONE };
      return aim(moved(route, input.place, input.linked), now);
    case 'linked':
      if (route.place.owner !== input.peer) return { route, effects: NONE };
      // A new link to the same owner: what was sent over the old one may be lost, and so are subscriptions.
      return aim({ ...route, linked: true, announced: false, bounces: 0 }, now);
    case 'unlinked':
      if (route.place.owner !== input.peer) return { route, effects: NONE };
      return wait({ ...route, linked: false, announced: false }, 'UNREACHABLE', Number.POSITIVE_INFINITY);
    case 'bounced':
      return bounced(route, input, now, options, isNewer);
    case 'tick':
      return route.phase === 'waiting' && now >= route.retryAt ? aim(route, now) : { route, effects: NONE };
  }
}

function bounced(
  route: Route,
  input: Extract<RouteInput, { type: 'bounced' }>,
  now: Millis,
  options: RouterOptions,
  isNewer: typeof isNewerPlace,
): RouteStep {
  // Where it went is news even in an old flight's bounce.
  if (isNewer(input.place, route.place)) return aim(moved(route, input.place, input.linked), now);
  const current = input.flight === 0 || input.flight === route.flight;
  if (route.phase !== 'flying' || route.place.owner !== input.by || !current) return { route, effects: NONE };
  const inARow = now - route.flyingSince > options.retryForgetMs ? 0 : route.bounces;
  const delay = Math.min(options.retryMaxMs, options.retryMinMs * 2 ** inARow);
  return wait({ ...route, bounces: inARow + 1 }, input.code, now + delay);
}

function moved(route: Route, place: Place, linked: boolean): Route {
  return { ...route, place, linked, announced: false, bounces: 0 };
}

function aim(route: Route, now: Millis): RouteStep {
  const { owner } = route.place;
  if (owner === '') return wait(route, 'NO_OWNER', Number.POSITIVE_INFINITY);
  if (!route.linked) return wait(route, 'UNREACHABLE', Number.POSITIVE_INFINITY);
  const flight = route.flight + 1;
  const fly: RouteEffect = { type: 'fly', to: owner, term: route.place.term, flight };
  const effects: RouteEffect[] = [];
  if (!route.announced) effects.push({ type: 'announce', to: owner, term: route.place.term });
  effects.push(fly);
  return {
    route: { ...route, phase: 'flying', flight, flyingSince: now, retryAt: Number.POSITIVE_INFINITY, announced: true },
    effects,
  };
}

function wait(route: Route, why: HoldReason, retryAt: Millis): RouteStep {
  const effects: readonly RouteEffect[] =
    route.phase === 'flying' || route.why !== why ? [{ type: 'hold', why }] : NONE;
  return { route: { ...route, phase: 'waiting', why, retryAt }, effects };
}
