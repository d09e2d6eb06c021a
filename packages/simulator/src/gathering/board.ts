import type { GatheringKind } from './places-view.js';

/** So many are moved about. */
const NEWEST = 6;

/** Lobbies and parties that clients have opened, newest last: what players tell each other beside the game. */
export class Board {
  readonly lobbies = new Set<string>();
  readonly parties = new Set<string>();
  private readonly places = new Set<string>();
  private taken = 0;
  private readonly numbers = new Map<string, number>();

  /** 1, 2, 3… for each key. */
  next(key: string): number {
    const number = (this.numbers.get(key) ?? 0) + 1;
    this.numbers.set(key, number);
    return number;
  }

  /** Entities that clients came into most lately. */
  get newest(): readonly string[] {
    return [...this.places].slice(-NEWEST);
  }

  /** Entities that clients have come into since this was asked last. */
  takeNew(): readonly string[] {
    if (this.taken === this.places.size) return [];
    const fresh = [...this.places].slice(this.taken);
    this.taken = this.places.size;
    return fresh;
  }

  opened(kind: GatheringKind, id: string): void {
    this.places.add(`${kind}/${id}`);
    (kind === 'lobby' ? this.lobbies : this.parties).add(id);
  }
}
