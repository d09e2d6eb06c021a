import type { ShardPage } from '@muster/ports';
import type { LogStart } from './log-start.js';

/**
 * Storage was put back to an older state, or to none, under an owner that has all of it. What it has now is looked through: an actor that
 * is gone here, or has begun a new life, has to be gone there before others are stored whole. Else it would come back one day, or its older
 * life would be taken for the newer one.
 */
export class Restoring {
  private phase: 'no' | 'begun' | 'reviewing' = 'no';
  private voids: string[] = [];
  after: string | undefined;

  /** The claim that says where storage is now has not been answered. */
  get isBegun(): boolean {
    return this.phase === 'begun';
  }

  /** Storage is not known to have lost nothing that it may still have to give up. */
  get isUnderWay(): boolean {
    return this.phase !== 'no' || this.hasVoids;
  }

  get isReviewing(): boolean {
    return this.phase === 'reviewing';
  }

  /** Storage has actors that are to go first. */
  get hasVoids(): boolean {
    return this.voids.length > 0;
  }

  begin(): void {
    this.phase = 'begun';
    this.voids = [];
    this.after = undefined;
  }

  claimed(position: number): void {
    // No actor is ever stored there.
    this.phase = position === 0 ? 'no' : 'reviewing';
  }

  reviewed({ entities, next }: ShardPage, here: ReadonlySet<string>, saved: LogStart['saved']): void {
    if (this.phase !== 'reviewing') return;
    for (const stored of entities) {
      const { entity } = stored;
      const now = here.has(entity) ? saved(entity) : undefined;
      const isOver = typeof now === 'object' && 'seq' in stored && now.seq < stored.seq;
      if (now === undefined || isOver) this.voids.push(entity);
    }
    this.after = next;
    if (next === undefined) this.phase = 'no';
  }

  takeVoids(max: number): readonly string[] {
    return this.voids.splice(0, max);
  }
}
