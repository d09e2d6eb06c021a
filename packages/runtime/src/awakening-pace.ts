import type { Clock } from '@muster/ports';

/**
 * How many actors are woken in one turn of the loop, of all adopted shards together. A node that is promoted gets hundreds of shards with
 * one push: were each to wake its own, no beat, acknowledgement or command would come in between.
 */
export class AwakeningPace {
  private readonly clock: Clock;
  private readonly max: number;
  private left: number;
  private spends = false;

  constructor(clock: Clock, max: number) {
    this.clock = clock;
    this.max = max;
    this.left = max;
  }

  get hasRoom(): boolean {
    return this.left > 0;
  }

  took(): void {
    this.left -= 1;
    if (this.spends) return;
    this.spends = true;
    // By turns, not by the clock: a turn that takes long may not wake more for it.
    this.clock.defer(() => {
      this.spends = false;
      this.left = this.max;
    });
  }
}
