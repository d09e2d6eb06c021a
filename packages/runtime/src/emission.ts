import { MusterError, type Position } from '@muster/ports';
import type { Activation } from './activation.js';
import type { Outgoing } from './entries.js';
import type { DeliveryOrigin, Outcome, PublishedEvent, Subscription } from './host.js';
import { encodeJson } from './json.js';
import { Outflight, type SendingActor } from './outflight.js';
import type { NumberedPublication } from './publications.js';
import type { Due, WheelTimer } from './timer-wheel.js';
import { type Recent, TopicStreams } from './topic-streams.js';
import type { TurnResult } from './turn.js';

/** Wait before a timer is offered again to an actor whose system lane is full. */
const LANE_FULL_RETRY_MS = 100;

/** A publication of a former owner. */
export interface Recovered extends NumberedPublication {
  readonly cause: string;
}

/** Lets out what an actor's turns decided, each at its place in the log: replies first, then what subscribers see, then sends. */
export class Emitter implements SendingActor, Due {
  private readonly actor: Activation;
  private streams: TopicStreams | undefined;
  private timer: WheelTimer | undefined;
  private timersQueued = false;
  outflight: Outflight | undefined;
  /** Its former owner may have counted the stream on from `after`; here it goes on from `base`. */
  private lacking: Skipped | undefined;
  private skipped: Skipped | undefined;

  constructor(actor: Activation) {
    this.actor = actor;
  }

  get ref(): Activation['ref'] {
    return this.actor.ref;
  }

  /** Somebody listens, or did a moment ago: events are worth turning into publications. */
  get publishing(): boolean {
    return this.streams !== undefined;
  }

  /** Topic → processes. */
  subscriptions(): ReadonlyMap<string, readonly string[]> {
    return this.streams?.all() ?? new Map();
  }

  private openStreams(): void {
    this.streams ??= new TopicStreams(this.actor.envelope!.stream);
  }

  /**
   * The actor came with its shard: what it published after `base` may not have reached everybody when its process died, so it is kept
   * for those who come back.
   */
  recover(base: number, publications: readonly Recovered[], skipped: Skipped): void {
    this.skipped = skipped.base > skipped.after ? skipped : undefined;
    const { clock, options } = this.actor.services;
    this.streams = new TopicStreams(base);
    this.streams.emptySince = clock.monotonic();
    for (const publication of publications) this.streams.publish(publication, publication.cause, options);
  }

  /** As {@link recover}, where the former owner may have counted the stream further than `after`: it goes on from `base`, above all that. */
  recoverLacking(after: number, base: number): void {
    this.lacking = { after, base };
    this.recover(base, [], this.lacking);
  }

  /** What goes with a copy of the actor, so that whoever listens to it misses nothing elsewhere; empty: nobody listens. */
  recently(): () => string {
    const { streams } = this;
    return () => (streams ? encodeJson(streams.kept()) : '');
  }

  /** The envelope is there: what it owes is taken up. */
  resume(): void {
    const { envelope, log } = this.actor;
    if (envelope!.outbox) {
      // Not before this process may let anything out: with the actor's copy it may have come to it a moment ago (K7).
      const sends = [...envelope!.outbox.values()];
      log.onDurable(log.end, () => this.dispatchAll(sends));
    }
    this.armTimers();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.outflight?.stop();
    for (const [topic, list] of this.subscriptions()) for (const subscriber of list) this.drop(topic, subscriber);
    this.streams = undefined;
  }

  /** Once `position` is durable: the outcome to who waits for it, and what the turn's `result` holds for others. */
  emit(position: Position, to?: DeliveryOrigin, outcome?: Outcome, result?: TurnResult, cause = ''): void {
    const { shard, services, log } = this.actor;
    const events = result && result.publications.length > 0 ? this.keep(result, cause) : NONE;
    const sends = result ? sendsOf(result) : NONE;
    if (result && touchesTimers(result)) this.armTimers();
    const out = (): void => {
      const { voided } = this.actor;
      if (voided) {
        if (to && outcome) services.outlet.reply(to, shard.id, shard.term, voided);
        return;
      }
      if (this.actor.fenced) {
        // Repeats bring the reply, the thaw the sends; subscribers see the gap.
        this.dispatchAll(sends);
        return;
      }
      if (to && outcome) services.outlet.reply(to, shard.id, shard.term, outcome);
      for (const late of result?.resolved ?? NONE) services.outlet.reply(late.to, shard.id, shard.term, late.outcome);
      for (const [event, subscribers] of events) this.publish(event, subscribers);
      this.dispatchAll(sends);
    };
    log.onDurable(position, out, result !== undefined && result.entries.length > 0);
  }

  subscribe({ topic, subscriber, after, snapshot }: Subscription, done: (error?: unknown) => void): void {
    const { kind, envelope, services, log, key } = this.actor;
    if (!Object.hasOwn(kind.topics ?? {}, topic)) {
      done(new MusterError('NOT_FOUND', { what: `topic ${topic} of ${kind.kind}` }));
      return;
    }
    const { subscriptionsMax } = services.options;
    this.openStreams();
    const streams = this.streams!;
    if (isWithin(this.lacking, after)) this.foundLost(after);
    if (streams.size >= subscriptionsMax && !streams.of(topic).includes(subscriber)) {
      done(new MusterError('TOO_MANY_REQUESTS', { max: subscriptionsMax }));
      return;
    }
    let events: readonly PublishedEvent[];
    try {
      const isWhole = snapshot || isWithin(this.skipped, after);
      const recent = isWhole ? undefined : streams.since(topic, after, envelope!.stream);
      events = recent ? recent.map((kept) => this.eventOf(kept)) : [this.snapshot(topic)];
    } catch (error) {
      services.counters.failures.add(1, { part: 'topic' });
      services.log.write('error', 'actor.failed', { entity: key, part: 'topic', command: topic, error });
      done(new MusterError('ACTOR_FAILED', { entity: key, command: topic }));
      return;
    }
    if (streams.add(topic, subscriber)) services.subscribers.add(subscriber, this.actor);
    this.hear(kind.subscriberCame?.[topic], subscriber);
    // A read like any other: it shows what may not be durable yet (K7).
    log.onDurable(log.end, () => {
      done();
      for (const event of events) this.publish(event, [subscriber]);
    });
  }

  /** Somebody has seen what is not here: proof that something was lost. Once per life. */
  private foundLost(seen: number): void {
    const { services, key, shard } = this.actor;
    const { after } = this.lacking!;
    this.lacking = undefined;
    services.counters.stateLost.add();
    services.log.write('error', 'state.lost', { entity: key, shard: shard.id, term: shard.term, stored: after, seen });
  }

  unsubscribe(topic: string, subscriber: string): void {
    this.drop(topic, subscriber);
  }

  /** That process is gone: its subscriptions end, and the actor hears of those it asked about. */
  lost(subscriber: string): void {
    for (const topic of this.streams?.topicsOf(subscriber) ?? NONE) {
      this.drop(topic, subscriber);
      this.hear(this.actor.kind.subscriberLost?.[topic], subscriber);
    }
  }

  /** The actor hears that a process came or went, where its kind asks for that. */
  private hear(command: string | undefined, subscriber: string): void {
    if (command === undefined) return;
    if (!this.actor.takeSystem({ type: 'subscriber', command, subscriber }))
      this.actor.services.counters.dropped.add(1, { reason: 'system-lane-full' });
  }

  /** Recent publications are given up some time after the last subscriber went. */
  forgetRecent(): void {
    const since = this.streams?.emptySince;
    const { clock, options } = this.actor.services;
    if (since !== undefined && clock.monotonic() - since >= options.recentKeepMs) this.streams = undefined;
  }

  /** The due timers had their turns: the next one is waited for. */
  timersFired(): void {
    this.timersQueued = false;
    this.armTimers();
  }

  /** The wheel: the earliest timer is due. */
  due(): void {
    this.timer = undefined;
    if (this.actor.dead) return;
    if (this.actor.takeSystem({ type: 'timers' })) this.timersQueued = true;
    else this.timer = this.actor.services.wheel.arm(LANE_FULL_RETRY_MS, this);
  }

  outgoing(number: number): Outgoing | undefined {
    return this.actor.outgoing(number);
  }

  maySend(): boolean {
    return this.actor.shard.state === 'open' && !this.actor.held && !this.actor.fenced;
  }

  dispatch({ number, to, command, json, cause, trace }: Outgoing): void {
    const { ref, shard, services } = this.actor;
    services.outlet.send({ from: ref, fromShard: shard.id, number, to, command, json, cause, trace });
  }

  /** One timer of the wheel per actor, for the earliest of its own. */
  private armTimers(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const timers = this.actor.envelope?.timers;
    if (!timers || this.timersQueued || this.actor.dead) return;
    let earliest = Infinity;
    for (const { at } of timers.values()) earliest = Math.min(earliest, at);
    const { wheel, clock } = this.actor.services;
    this.timer = wheel.arm(earliest - clock.now(), this);
  }

  /** The dead send nothing: nobody could tell them of an answer, and they would repeat it for ever. What was carved sends it where it is now. */
  private dispatchAll(sends: readonly Outgoing[]): void {
    if (sends.length === 0 || this.actor.dead) return;
    this.outflight ??= new Outflight(this, this.actor.services);
    for (const send of sends) this.outflight.add(send);
  }

  /** Gives each publication its place in the stream; who listens now gets it, whenever it becomes durable. */
  private keep({ publications }: TurnResult, cause: string): readonly (readonly [PublishedEvent, readonly string[]])[] {
    const streams = this.streams!;
    return publications.map((publication) => {
      const recent = streams.publish(publication, cause, this.actor.services.options);
      return [this.eventOf(recent), streams.of(publication.topic)];
    });
  }

  /** Field by field: one is made for each event, and a spread that is added to has a new shape each time. */
  private eventOf({ topic, number, previous, name, json, cause, to }: Recent): PublishedEvent {
    const { ref, shard } = this.actor;
    const { id, term } = shard;
    const event: Building<PublishedEvent> = {
      entity: ref,
      shard: id,
      term,
      topic,
      number,
      previous,
      name,
      json,
      cause,
    };
    if (to !== undefined) event.to = to;
    return event;
  }

  private snapshot(topic: string): PublishedEvent {
    const { kind, ref, envelope } = this.actor;
    const json = encodeJson(kind.topics![topic]!(envelope!.state, ref));
    return this.eventOf({ topic, number: envelope!.stream, previous: 0, name: '', json, cause: '' });
  }

  private publish(event: PublishedEvent, subscribers: readonly string[]): void {
    const { outlet, counters } = this.actor.services;
    if (subscribers.length === 0) return;
    counters.publications.add(subscribers.length);
    // In the term in which it leaves: it may have waited through a change of backup, and receivers drop effects of older terms.
    const { term } = this.actor.shard;
    const current = event.term === term ? event : { ...event, term };
    for (const subscriber of subscribers) outlet.publish(subscriber, current);
  }

  private drop(topic: string, subscriber: string): void {
    const { services } = this.actor;
    if (this.streams?.remove(topic, subscriber, services.clock.monotonic()))
      services.subscribers.remove(subscriber, this.actor);
  }
}

/** Numbers of the stream between these are of no event here: who has one has it of a life that is lost. */
interface Skipped {
  readonly after: number;
  readonly base: number;
}

function isWithin(skipped: Skipped | undefined, number: number): boolean {
  return skipped !== undefined && number > skipped.after && number < skipped.base;
}

type Building<T> = { -readonly [K in keyof T]: T[K] };

const NONE: readonly never[] = [];

function sendsOf({ entries }: TurnResult): readonly Outgoing[] {
  let sends: Outgoing[] | undefined;
  for (const entry of entries) {
    if (entry.type !== 'send') continue;
    sends ??= [];
    sends.push(entry);
  }
  return sends ?? NONE;
}

function touchesTimers({ entries }: TurnResult): boolean {
  return entries.some(({ type }) => type === 'timer' || type === 'cancelled');
}
