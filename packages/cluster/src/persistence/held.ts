import type { Position } from '@muster/ports';

/**
 * Up to where the copies that the row names have one shard's records. Storage never has more than they: a backup that is promoted goes on
 * from what it has, and storage would have another turn of the same number (K8, K9).
 */
export class Held {
  private through: Position = Infinity;
  /** By name: the last record of each actor that copies may not have, in the order of those positions. */
  private readonly open = new Map<string, Position>();

  get end(): Position {
    return this.through;
  }

  /** Copies from now on: they have everything up to here. */
  from(position: Position): void {
    this.through = position;
  }

  changed(entity: string, position: Position): void {
    if (position <= this.through) return;
    this.open.delete(entity);
    this.open.set(entity, position);
  }

  reached(position: Position): void {
    this.through = Math.max(this.through, position);
    for (const [entity, last] of this.open) {
      if (last > position) break;
      this.open.delete(entity);
    }
  }

  has(position: Position): boolean {
    return position <= this.through;
  }

  /** Of this actor they have everything. */
  hasAllOf(entity: string): boolean {
    return !this.open.has(entity);
  }
}
