import type { Millis } from '@muster/ports';

/** A killed process is started again after this long: a start takes a second of processor time, which belongs to those who take over from it first. */
const PAUSE_MS: Millis = 1_000;
/** One that ends so soon after its start will end again: its next start waits twice as long as the last, so that it does not fill the machine … */
const SOON_MS: Millis = 5_000;
/** … and at most this long: whatever keeps it from running may be mended meanwhile. */
const PAUSE_MAX_MS: Millis = 30_000;

/** When one process that ends is started again. */
export class Restarts {
  private soonInARow = 0;

  /** How long to wait before the next start. `ranMs`: since the last; `inOrder`: it ended by itself, with code 0. */
  pauseAfter(ranMs: Millis, inOrder: boolean): Millis {
    this.soonInARow = ranMs < SOON_MS ? this.soonInARow + 1 : 0;
    if (this.soonInARow > 0) return Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** (this.soonInARow - 1));
    return inOrder ? 0 : PAUSE_MS;
  }
}
