import type { Clock, Millis, PeerId, ShardId, Timer } from '@muster/ports';
import type { ActorHost, SavedActor } from '@muster/runtime';
import type { EnvelopeInit, SavedEntityInit } from '@muster/wire';
import type { ReplicationOptions } from './options.js';
import type { ReplicatedLog } from './replicated-log.js';

export interface SeederSetup {
  readonly clock: Clock;
  readonly options: ReplicationOptions;
  readonly send: (peer: PeerId, envelope: EnvelopeInit) => boolean;
}

/** What stands behind the copies. */
export interface BehindCopies {
  /** Actors of a shard of which storage may not know the latest, or that they are gone. */
  readonly unstored: (shard: ShardId) => Iterable<string>;
  /** It answers. */
  readonly isThere: () => boolean;
  /** Answers wait for it to become the second place of their shards. */
  readonly isAwaited: () => boolean;
}

const NOTHING_BEHIND: BehindCopies = { unstored: () => [], isThere: () => false, isAwaited: () => false };
/** How often it is looked whether what is held back may begin. */
const LOOK_EVERY_MS = 20;

const GONE: SavedActor = { text: '', tail: '', seq: 0 };

interface Seeding {
  readonly log: ReplicatedLog;
  readonly peer: PeerId;
  readonly number: number;
  readonly since: Millis;
  /** Answers go before it where storage stands in. */
  readonly mayWait: boolean;
  actors: Iterator<readonly [string, SavedActor]> | undefined;
  /** Taken, but not sent yet: it goes before any record, as its actors have those that came before. */
  chunk: EnvelopeInit | undefined;
  over: boolean;
}

/**
 * Snapshots under way, each in pieces between the turns of the loop. Before a piece is taken the log is shipped up to now, so that on
 * the link every record stands on the right side of its actor's copy: before it, and is in it, or after it, and is not.
 */
export class Seeder {
  private readonly setup: SeederSetup;
  private host: ActorHost | undefined;
  private behind = NOTHING_BEHIND;
  private readonly seedings = new Map<string, Seeding>();
  private running = false;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(setup: SeederSetup) {
    this.setup = setup;
  }

  /** Whose actors are copied. */
  join(host: ActorHost, behind: BehindCopies = NOTHING_BEHIND): void {
    this.host = host;
    this.behind = behind;
  }

  get size(): number {
    return this.seedings.size;
  }

  begin(log: ReplicatedLog, peer: PeerId, number: number): void {
    const since = this.setup.clock.monotonic();
    const begun = { log, peer, number, since, mayWait: log.isInUse };
    this.seedings.set(keyOf(log, peer), { ...begun, actors: undefined, chunk: undefined, over: false });
    this.wake();
  }

  cancel(log: ReplicatedLog, peer: PeerId): void {
    this.seedings.delete(keyOf(log, peer));
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.seedings.clear();
  }

  /** False while a piece that was taken could not be sent. */
  flows(log: ReplicatedLog, peer: PeerId): boolean {
    // Asked for every record that is sent.
    if (this.seedings.size === 0) return true;
    const seeding = this.seedings.get(keyOf(log, peer));
    return seeding?.chunk === undefined || this.sendChunk(seeding);
  }

  /** There is room on a link, or something to do. */
  wake(): void {
    if (this.running || this.stopped || this.seedings.size === 0) return;
    this.running = true;
    this.setup.clock.defer(() => {
      this.running = false;
      if (this.run()) this.wake();
    });
  }

  /** True where there is more to be done at once. */
  private run(): boolean {
    let budget = this.setup.options.snapshotCharsMax;
    for (const seeding of this.inTurn()) {
      while (budget > 0 && this.seedings.get(keyOf(seeding.log, seeding.peer)) === seeding) {
        const taken = this.piece(seeding);
        // Its link is full: `wake` comes with the room.
        if (taken === undefined) break;
        budget -= taken;
      }
      if (budget <= 0) return true;
    }
    return false;
  }

  /**
   * First the shards of which somebody waits for an answer, and of those the ones for which storage cannot stand in: there is none without
   * the copy. Where it can, copies come after the answers.
   */
  private inTurn(): readonly Seeding[] {
    const [first, next, last]: [Seeding[], Seeding[], Seeding[]] = [[], [], []];
    for (const seeding of this.begunOrDue()) {
      const { log } = seeding;
      (log.isWaitedFor ? (log.isLearnt ? next : first) : last).push(seeding);
    }
    return [...first, ...next, ...last];
  }

  /** What has begun goes on. */
  private begunOrDue(): readonly Seeding[] {
    const { clock, options } = this.setup;
    const now = clock.monotonic();
    const heldMs = !this.behind.isThere() ? 0 : this.behind.isAwaited() ? options.learnWithinMs : options.learnAfterMs;
    const due: Seeding[] = [];
    for (const seeding of this.seedings.values())
      if (seeding.actors || !(seeding.mayWait && seeding.log.isLearnt) || now - seeding.since >= heldMs)
        due.push(seeding);
    if (due.length < this.seedings.size) this.lookLater();
    return due;
  }

  private lookLater(): void {
    this.timer ??= this.setup.clock.after(LOOK_EVERY_MS, () => {
      this.timer = undefined;
      this.wake();
    });
  }

  /** Characters sent; undefined: it has to wait. */
  private piece(seeding: Seeding): number | undefined {
    const { log, peer, number } = seeding;
    if (!this.host) return undefined;
    const first = seeding.actors === undefined;
    if (!first && !log.ship(peer)) return undefined;
    // What waited to be sent went before the log, and was the last of it.
    if (seeding.over) return 0;
    if (first && seeding.chunk) return this.sendChunk(seeding) ? 1 : undefined;
    const position = first ? log.begin(peer) : 0;
    seeding.actors ??= this.copies(this.host, log.shard);
    const [entities, chars, last] = take(seeding.actors, this.setup.options.envelopeCharsMax);
    const body = { seeding: number, first, last, position, entities };
    seeding.chunk = { type: 'snapshot', shard: log.shard, term: log.state.term, body };
    seeding.over = last;
    return this.sendChunk(seeding) ? chars + 1 : undefined;
  }

  /** First those that are gone while storage may still have them: whoever is promoted owes storage their end. */
  private *copies(host: ActorHost, shard: ShardId): Iterator<readonly [string, SavedActor]> {
    const gone = new Set(this.behind.unstored(shard));
    if (gone.size > 0) for (const entity of host.logged(shard)) gone.delete(entity);
    for (const entity of gone) yield [entity, GONE];
    yield* host.copies(shard);
  }

  private sendChunk(seeding: Seeding): boolean {
    if (!this.setup.send(seeding.peer, seeding.chunk!)) return false;
    seeding.chunk = undefined;
    if (seeding.over) this.seedings.delete(keyOf(seeding.log, seeding.peer));
    return true;
  }
}

function take(
  actors: Iterator<readonly [string, SavedActor]>,
  charsMax: number,
): readonly [entities: SavedEntityInit[], chars: number, last: boolean] {
  const entities: SavedEntityInit[] = [];
  let chars = 0;
  while (chars < charsMax) {
    const { done, value } = actors.next();
    if (done) return [entities, chars, true];
    const [entity, { text, tail, seq, recent = '' }] = value;
    entities.push({ entity, text, tail, seq, recent });
    chars += entity.length + text.length + tail.length + recent.length;
  }
  return [entities, chars, false];
}

function keyOf({ shard }: ReplicatedLog, peer: PeerId): string {
  return `${shard} ${peer}`;
}
