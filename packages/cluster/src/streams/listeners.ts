import type { StreamHandle, StreamListener } from './subscription.js';

/** One who listens, and their handle: a gateway has one for each player, so there are no closures in it. `S`: the stream. */
export class Following<S> implements StreamHandle {
  readonly listener: StreamListener;
  /** It gets nothing before its snapshot. */
  waits: boolean;
  private readonly stream: S;
  private readonly leave: (stream: S, following: Following<S>) => void;

  constructor(
    stream: S,
    listener: StreamListener,
    waits: boolean,
    leave: (stream: S, following: Following<S>) => void,
  ) {
    this.stream = stream;
    this.listener = listener;
    this.waits = waits;
    this.leave = leave;
  }

  close(): void {
    this.leave(this.stream, this);
  }
}

/** Who listens to one stream. Mostly one: a set of its own would be most of what a stream takes. */
export type Listeners<F> = F | ReadonlySet<F> | undefined;

export function withListener<F extends object>(listeners: Listeners<F>, one: F): Listeners<F> {
  if (listeners === undefined) return one;
  return listeners instanceof Set ? listeners.add(one) : new Set([listeners as F, one]);
}

/** Without it: undefined where nobody is left. */
export function withoutListener<F extends object>(listeners: Listeners<F>, one: F): Listeners<F> {
  if (!(listeners instanceof Set)) return listeners === one ? undefined : listeners;
  listeners.delete(one);
  return listeners.size === 0 ? undefined : listeners;
}

export function isListening<F extends object>(listeners: Listeners<F>, one: F): boolean {
  return listeners instanceof Set ? listeners.has(one) : listeners === one;
}

/** Those who listen now, in the order in which they came. */
export function listenersNow<F extends object>(listeners: Listeners<F>): readonly F[] {
  if (listeners === undefined) return [];
  return listeners instanceof Set ? [...listeners] : [listeners as F];
}
