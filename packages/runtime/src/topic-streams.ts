import type { Millis } from '@muster/ports';
import type { Audience } from './actor.js';
import type { JsonText } from './host.js';
import type { RuntimeOptions } from './options.js';

/** One publication as it is kept for those who return. */
export interface Recent {
  readonly topic: string;
  readonly number: number;
  readonly previous: number;
  readonly name: string;
  readonly json: JsonText;
  readonly cause: string;
  readonly to?: Audience;
}

/** Field by field, as one is made for each event: a spread that is added to has a new shape each time. */
type Building = { -readonly [K in keyof Recent]: Recent[K] };

/** Publications that can still be told to those who missed them: all of them after `floor`, oldest first. */
export interface KeptPublications {
  readonly floor: number;
  readonly publications: readonly Omit<Recent, 'previous'>[];
}

/**
 * The topics of one actor that somebody listens to: who, and what was published lately. Exists only while there are subscribers
 * or were until a moment ago; not part of the actor's state, but what is kept goes with its copies: nobody misses an event by a move.
 */
export class TopicStreams {
  /** By topic; replaced, never changed, so that a publication may keep its list until it is durable. */
  private readonly subscribers = new Map<string, readonly string[]>();
  private readonly last = new Map<string, number>();
  private recent: Recent[] = [];
  private first = 0;
  private chars = 0;
  /** No subscriber has less: whoever came was given the state, or had everything up to here. */
  private readonly base: number;
  /** Publications up to here are not kept. */
  private floor: number;
  private count = 0;
  /** When the last subscriber went; undefined while there is one. */
  emptySince: Millis | undefined;

  /** `stream`: the actor's stream number now. */
  constructor(stream: number) {
    this.base = stream;
    this.floor = stream;
  }

  get size(): number {
    return this.count;
  }

  of(topic: string): readonly string[] {
    return this.subscribers.get(topic) ?? NOBODY;
  }

  all(): ReadonlyMap<string, readonly string[]> {
    return this.subscribers;
  }

  /** False where it was subscribed before. */
  add(topic: string, subscriber: string): boolean {
    this.emptySince = undefined;
    const before = this.of(topic);
    if (before.includes(subscriber)) return false;
    this.subscribers.set(topic, [...before, subscriber]);
    this.count += 1;
    return true;
  }

  /** False where it was not subscribed. */
  remove(topic: string, subscriber: string, now: Millis): boolean {
    const before = this.of(topic);
    if (!before.includes(subscriber)) return false;
    const rest = before.filter((other) => other !== subscriber);
    if (rest.length > 0) this.subscribers.set(topic, rest);
    else this.subscribers.delete(topic);
    this.count -= 1;
    if (this.count === 0) this.emptySince = now;
    return true;
  }

  topicsOf(subscriber: string): readonly string[] {
    return [...this.subscribers].filter(([, list]) => list.includes(subscriber)).map(([topic]) => topic);
  }

  /** Keeps a publication under `number` and returns it with its predecessor's number. */
  publish(
    { topic, number, name, json, to }: Omit<Recent, 'previous' | 'cause'>,
    cause: string,
    { recentMax, recentCharsMax }: Pick<RuntimeOptions, 'recentMax' | 'recentCharsMax'>,
  ): Recent {
    const kept: Building = { topic, number, previous: this.last.get(topic) ?? this.base, name, json, cause };
    if (to !== undefined) kept.to = to;
    this.last.set(topic, number);
    this.recent.push(kept);
    this.chars += json.length;
    while (this.recent.length - this.first > recentMax || this.chars > recentCharsMax) this.evict();
    return kept;
  }

  /** The topic's publications after `after`, or undefined where they are not all kept: then its state must be sent. */
  since(topic: string, after: number, head: number): readonly Recent[] | undefined {
    if (after < this.floor || after > head) return undefined;
    return this.recent.slice(this.first).filter((kept) => kept.topic === topic && kept.number > after);
  }

  kept(): KeptPublications {
    const publications = this.recent.slice(this.first).map(({ previous: _, ...publication }) => publication);
    return { floor: this.floor, publications };
  }

  private evict(): void {
    const oldest = this.recent[this.first]!;
    this.floor = oldest.number;
    this.chars -= oldest.json.length;
    this.first += 1;
    // Now and then, so that dropping one stays cheap.
    if (this.first >= 64 && this.first * 2 >= this.recent.length) {
      this.recent = this.recent.slice(this.first);
      this.first = 0;
    }
  }
}

const NOBODY: readonly string[] = [];
