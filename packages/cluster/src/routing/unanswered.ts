import { entityKey } from '@muster/ports';
import type { CallOrigin } from './call.js';
import type { Pending } from './waiting-line.js';

/** Powers of two: a call's place is the low bits of its number. */
const PLACES_FIRST = 1_024;
const PLACES_KEPT = 65_536;

/**
 * Calls by number, which this table deals out: a number whose place is still taken is passed over, so no two calls share a place.
 * No `Map`, because each of its rehashes leaves a table behind that, once old, drags every call that was in it through the garbage
 * collector into old memory: measured to cost six times as much per call.
 */
export class Unanswered {
  private places: (Pending | undefined)[] = emptyPlaces(PLACES_FIRST);
  /** What actors sent: their outboxes repeat. */
  private readonly sends = new Map<string, Pending>();
  private count = 0;
  private last = 0;

  get size(): number {
    return this.count;
  }

  /** For the next call that is added. */
  nextNumber(): number {
    if (this.count * 2 >= this.places.length) this.grow();
    do this.last += 1;
    while (this.places[this.placeOf(this.last)] !== undefined);
    return this.last;
  }

  add(pending: Pending): void {
    this.places[this.placeOf(pending.number)] = pending;
    if (pending.key !== undefined) this.sends.set(pending.key, pending);
    this.count += 1;
  }

  /** `number` may be anything: it comes from other processes. */
  get(number: number): Pending | undefined {
    const found = this.places[this.placeOf(number)];
    return found?.number === number ? found : undefined;
  }

  /** The same, asked for before: an actor's outbox repeats what was not answered; nobody else asks for the same twice. */
  earlier(origin: CallOrigin): Pending | undefined {
    const key = sendKey(origin);
    return key === undefined ? undefined : this.sends.get(key);
  }

  delete({ number, key }: Pending): void {
    this.places[this.placeOf(number)] = undefined;
    if (key !== undefined) this.sends.delete(key);
    this.count -= 1;
    if (this.count === 0 && this.places.length > PLACES_KEPT) this.places = emptyPlaces(PLACES_FIRST);
  }

  /** Oldest first. */
  all(): Pending[] {
    return this.places.filter((pending) => pending !== undefined).sort((a, b) => a.number - b.number);
  }

  private placeOf(number: number): number {
    return number & (this.places.length - 1);
  }

  private grow(): void {
    const before = this.places;
    this.places = emptyPlaces(before.length * 2);
    for (const pending of before) if (pending) this.places[this.placeOf(pending.number)] = pending;
  }
}

/** Names what an actor sent; undefined for anybody else's calls. */
export function sendKey(origin: CallOrigin): string | undefined {
  return origin.type === 'entity' ? `${entityKey(origin.from)}#${origin.number}` : undefined;
}

function emptyPlaces(count: number): (Pending | undefined)[] {
  return new Array<Pending | undefined>(count).fill(undefined);
}
