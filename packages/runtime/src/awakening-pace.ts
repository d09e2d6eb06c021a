import type { Clock } from '@muster/ports';
import type { SavedActor } from './envelope.js';

/**
 * How many actors are woken in one turn of the loop, of all adopted shards together, and how much is looked through for who has to be. A node that is promoted gets hundreds of shards with
 * one push: were each to wake its own, no beat, acknowledgement or command would come in between.
 */
export class AwakeningPace {
  private readonly clock: Clock;
  private readonly max: number;
  private readonly charsMax: number;
  private left: number;
  private charsLeft: number;
  private spends = false;

  constructor(clock: Clock, max: number, charsMax: number) {
    this.clock = clock;
    this.max = max;
    this.charsMax = charsMax;
    this.left = max;
    this.charsLeft = charsMax;
  }

  get hasRoom(): boolean {
    return this.left > 0 && this.charsLeft > 0;
  }

  looked(saved: SavedActor): void {
    // What is known without reading it costs nothing, and must not be told as text for this.
    this.charsLeft -= (saved.owes === undefined ? saved.text.length : 1) + saved.tail.length;
    this.spend();
  }

  took(): void {
    this.left -= 1;
    this.spend();
  }

  private spend(): void {
    if (this.spends) return;
    this.spends = true;
    // By turns, not by the clock: a turn that takes long may not wake more for it.
    this.clock.defer(() => {
      this.spends = false;
      this.left = this.max;
      this.charsLeft = this.charsMax;
    });
  }
}
