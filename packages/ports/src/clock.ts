/** Milliseconds. Every duration and instant in Muster is in this unit unless its name says otherwise. */
export type Millis = number;

/** A pending call of {@link Clock.after}. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, as everything below `server` sees it. The system form is `SystemClock`; the simulator has a virtual one.
 * Two clocks of one process agree; clocks of two processes are never compared: what travels is a remaining time.
 */
export interface Clock {
  /** Wall-clock time since the Unix epoch. May jump: for people, for audit entries and for clients only. */
  now(): Millis;
  /** Time since some fixed start. Never goes back: for every time-out, lease and deadline. */
  monotonic(): Millis;
  /** Runs `run` once, no earlier than `delayMs` from now. */
  after(delayMs: Millis, run: () => void): Timer;
  /** Runs `run` after the current turn of the event loop: where batches are flushed. */
  defer(run: () => void): void;
}
