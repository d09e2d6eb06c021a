import type { AnyActorKind } from './actor.js';
import type { Emitter } from './emission.js';
import { type Envelope, type SavedActor, saveEnvelope } from './envelope.js';
import { encodeJson } from './json.js';
import type { Parked, Shard } from './shard.js';
import type { KeptPublications } from './topic-streams.js';

type Kinds = ReadonlyMap<string, AnyActorKind>;

/** `logged`: of replicated kinds; `unlogged`: of all others. */
export type Which = 'logged' | 'unlogged';

/** What the shard's actors are now, each when it is asked for: for a new copy of it. */
export function* copiesOf(
  shard: Shard,
  kinds: Kinds,
  which: Which,
): Iterable<readonly [entity: string, saved: SavedActor]> {
  for (const key of namesIn(shard, kinds, which)) {
    const actor = shard.actors.get(key);
    const envelope = actor?.envelope;
    if (envelope?.born) {
      const recent = actor!.emitter.recently()();
      yield [key, { text: saveEnvelope(envelope), tail: '', seq: envelope.seq, recent }];
    } else {
      const parked = shard.parked.get(key);
      if (parked) yield [key, asParked(shard, parked)];
    }
  }
}

/**
 * What is left of a sealed shard that is closed next: nothing of it changes any more, so an actor is told as text when somebody reads it,
 * and not while everybody waits for the shard's new owner.
 */
export function* leftoversOf(shard: Shard, kinds: Kinds): Iterable<readonly [entity: string, saved: SavedActor]> {
  for (const key of namesIn(shard, kinds, 'logged')) {
    const actor = shard.actors.get(key);
    const envelope = actor?.envelope;
    if (envelope?.born) yield [key, new Leftover(envelope, actor!.emitter)];
    else if (shard.parked.has(key)) yield [key, asParked(shard, shard.parked.get(key)!)];
  }
}

/** Read from storage and not looked at since: whoever goes on with it skips what may have been lost, as this owner would. */
function asParked({ numbering }: Shard, { saved, adopted }: Parked): SavedActor {
  if (adopted?.how !== 'loaded') return saved;
  const kept: KeptPublications = { floor: numbering.next(), publications: [] };
  const { text, tail, seq, owes } = saved;
  return { text, tail, seq, owes, recent: encodeJson(kept) };
}

/** Those of which there is something. */
export function namesIn(shard: Shard, kinds: Kinds, which: Which): readonly string[] {
  const born = [...shard.actors].flatMap(([key, { envelope }]) => (envelope?.born || shard.parked.has(key) ? key : []));
  const parked = [...shard.parked.keys()].filter((key) => !shard.actors.has(key));
  return [...born, ...parked].filter((key) => {
    const kind = kinds.get(key.slice(0, key.indexOf('/')));
    return (kind === undefined || kind.durability === 'replicated') === (which === 'logged');
  });
}

/** Told as text at most once. */
class Leftover implements SavedActor {
  readonly tail = '';
  readonly seq: number;
  readonly owes: boolean;
  private envelope: Envelope | undefined;
  private told = '';
  private keep: (() => string) | undefined;
  private kept = '';

  constructor(envelope: Envelope, emitter: Emitter) {
    this.seq = envelope.seq;
    this.owes = envelope.timers !== undefined || envelope.outbox !== undefined;
    this.envelope = envelope;
    this.keep = emitter.recently();
  }

  get text(): string {
    if (this.envelope) this.told = saveEnvelope(this.envelope);
    this.envelope = undefined;
    return this.told;
  }

  get recent(): string {
    if (this.keep) this.kept = this.keep();
    this.keep = undefined;
    return this.kept;
  }
}
