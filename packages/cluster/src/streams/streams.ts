import {
  type Clock,
  type Counter,
  type EntityRef,
  type ErrorCode,
  entityKey,
  isErrorCode,
  type Metrics,
  MusterError,
  type PeerId,
  type ShardId,
  type Timer,
  term,
} from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { Place } from '../routing/protocol.js';
import type { EntityMoved, RoutingTable } from '../table/routing-table.js';
import { Following, isListening, type Listeners, listenersNow, withListener, withoutListener } from './listeners.js';
import { type StreamsOptions, streamsOptions } from './options.js';
import { newStream, type StreamEffect, type StreamInput, type StreamState, step } from './protocol.js';
import type { EventStreams, StreamEvent, StreamHandle, StreamListener, SubscribeOptions } from './subscription.js';

export interface StreamsSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly metrics: Metrics;
  readonly options?: Partial<StreamsOptions>;
  /** Where a shard is by the newest news of it: owners that lost it tell who sends commands there before any coordinator may be heard. */
  readonly placeOf: (shard: ShardId) => Place;
}

interface Stream {
  readonly key: string;
  readonly entity: EntityRef;
  readonly topic: string;
  shard: ShardId;
  listeners: Listeners<Following<Stream>>;
  state: StreamState;
}

/** The listening side of event streams: see `protocol.ts` for one subscription's life. */
export class Streams implements EventStreams {
  private readonly clock: Clock;
  private readonly peers: Peers;
  private readonly table: RoutingTable;
  private readonly options: StreamsOptions;
  private readonly placeOf: StreamsSetup['placeOf'];
  private readonly drops: Counter;
  private readonly asks: Counter;
  private readonly streams = new Map<string, Stream>();
  private readonly byShard = new Map<ShardId, Set<Stream>>();
  /** Those that have a `retryAt`. */
  private readonly timed = new Set<Stream>();
  private readonly release: (() => void)[];
  private sweeper: Timer | undefined;

  constructor({ clock, peers, table, metrics, options, placeOf }: StreamsSetup) {
    this.clock = clock;
    this.peers = peers;
    this.table = table;
    this.options = streamsOptions(options);
    this.placeOf = placeOf;
    this.drops = metrics.counter('muster_streams_dropped_total', 'Events that were not taken, by reason');
    this.asks = metrics.counter('muster_streams_asked_total', 'Subscriptions sent to owners');
    peers.on('event', (from, envelope) => this.event(from.peer, envelope));
    peers.on('subscribeAck', (from, envelope) => this.ack(from.peer, envelope));
    this.release = [
      table.listen({
        entitiesMoved: (moved) => this.rehome(moved),
        rowChanged: ({ shard }) => this.placed(shard),
      }),
      peers.onUp(({ peer }) => this.inputAll({ type: 'linked', peer })),
      peers.onDown(({ peer }) => this.inputAll({ type: 'unlinked', peer })),
      // A question that the full link did not take is asked again now.
      peers.onWritable((peer, lane) => {
        if (lane === 'data') this.askAgain(peer);
      }),
    ];
  }

  get size(): number {
    return this.streams.size;
  }

  subscribe(
    entity: EntityRef,
    topic: string,
    { snapshot = false }: SubscribeOptions,
    listener: StreamListener,
  ): StreamHandle {
    const key = keyOf(entity.kind, entity.id, topic);
    const known = this.streams.get(key);
    if (!known && this.streams.size >= this.options.subscriptions) {
      const { subscriptions: max } = this.options;
      this.clock.defer(() => listener.lost('TOO_MANY_REQUESTS', { max }));
      return { close: () => undefined };
    }
    const stream = known ?? this.open(key, entity, topic);
    const following = new Following(stream, listener, snapshot, this.leave);
    stream.listeners = withListener(stream.listeners, following);
    this.input(stream, { type: 'joined', snapshot });
    if (!known) this.place(stream);
    return following;
  }

  stop(): void {
    for (const release of this.release.splice(0)) release();
    this.sweeper?.cancel();
    this.streams.clear();
    this.byShard.clear();
    this.timed.clear();
  }

  private open(key: string, entity: EntityRef, topic: string): Stream {
    const shard = this.table.shardOf(entity);
    const stream: Stream = { key, entity, topic, shard, listeners: undefined, state: newStream() };
    this.streams.set(key, stream);
    this.file(stream);
    return stream;
  }

  private file(stream: Stream): void {
    const inShard = this.byShard.get(stream.shard) ?? new Set();
    this.byShard.set(stream.shard, inShard.add(stream));
  }

  private unfile(stream: Stream): void {
    const inShard = this.byShard.get(stream.shard);
    inShard?.delete(stream);
    if (inShard?.size === 0) this.byShard.delete(stream.shard);
  }

  /** They are asked for at their new shards, whose rows are of a newer term than the old ones' (carving/protocol.ts). */
  private rehome(moved: readonly EntityMoved[]): void {
    for (const { entity, from, to } of moved) {
      const key = entityKey(entity);
      for (const stream of [...(this.byShard.get(from) ?? [])]) {
        if (entityKey(stream.entity) !== key) continue;
        this.unfile(stream);
        stream.shard = to;
        this.file(stream);
        this.place(stream);
      }
    }
  }

  private readonly leave = (stream: Stream, following: Following<Stream>): void => {
    if (!isListening(stream.listeners, following)) return;
    stream.listeners = withoutListener(stream.listeners, following);
    if (stream.listeners !== undefined) return;
    if (!this.forget(stream)) return;
    const { entity, topic, shard, state } = stream;
    if (state.phase === 'idle') return;
    const body = { kind: entity.kind, id: entity.id, topic };
    // A full or lost link drops it: the owner forgets the process with the link, and what comes until then is not taken.
    this.peers.send(state.owner, 'data', { type: 'unsubscribe', shard, term: state.term, body });
  };

  private forget(stream: Stream): boolean {
    if (this.streams.get(stream.key) !== stream) return false;
    this.streams.delete(stream.key);
    this.timed.delete(stream);
    this.unfile(stream);
    return true;
  }

  /** There is news of where the shard is. */
  placed(shard: ShardId): void {
    for (const stream of this.byShard.get(shard) ?? []) this.place(stream);
  }

  private place(stream: Stream): void {
    const { owner, term: of } = this.placeOf(stream.shard);
    this.input(stream, { type: 'place', owner, term: of, linked: this.peers.link(owner) !== undefined });
  }

  private inputAll(input: StreamInput): void {
    for (const stream of this.streams.values()) this.input(stream, input);
  }

  private askAgain({ peer }: PeerInfo): void {
    for (const stream of this.timed)
      if (stream.state.owner === peer && stream.state.phase === 'asking') this.input(stream, { type: 'linked', peer });
  }

  private ack(from: PeerId, { body }: EnvelopeOf<'subscribeAck'>): void {
    const stream = this.streams.get(keyOf(body.kind, body.id, body.topic));
    if (!stream) return;
    if (body.code === '') this.input(stream, { type: 'acked', from });
    else {
      const code: ErrorCode = isErrorCode(body.code) ? body.code : 'ACTIVATION_FAILED';
      this.input(stream, { type: 'refused', from, code });
    }
  }

  private event(from: PeerId, { shard, term: of, body }: EnvelopeOf<'event'>): void {
    const stream = this.streams.get(keyOf(body.kind, body.id, body.topic));
    if (!stream || stream.shard !== shard) {
      this.drops.add(1, { reason: 'unknown' });
      return;
    }
    const { number, previous, name } = body;
    const sentIn = term(of);
    const input = { type: 'event', from, term: sentIn, number, previous, snapshot: name === '' } as const;
    for (const effect of this.advance(stream, input)) {
      if (effect.type === 'deliver')
        this.deliver(stream, effect.all, from, { ...body, shard: stream.shard, term: sentIn });
      else this.apply(stream, effect);
    }
  }

  private deliver(
    stream: Stream,
    all: boolean,
    owner: PeerId,
    event: EnvelopeOf<'event'>['body'] & Pick<StreamEvent, 'shard' | 'term'>,
  ): void {
    const { entity, topic } = stream;
    const { name, data, number, cause, only, except, shard, term: of } = event;
    const to = { only, except };
    const told: StreamEvent = { entity, topic, name, data, number, cause, to, shard, term: of, owner };
    // Listeners may come and go while they are called: each gets what it was there for.
    for (const following of listenersNow(stream.listeners)) {
      if (!isListening(stream.listeners, following)) continue;
      if (name !== '') {
        if (!following.waits) following.listener.event(told);
      } else if (all || following.waits) {
        following.waits = false;
        following.listener.snapshot(told);
      }
    }
  }

  private input(stream: Stream, input: StreamInput): void {
    for (const effect of this.advance(stream, input)) this.apply(stream, effect);
  }

  private advance(stream: Stream, input: StreamInput): readonly StreamEffect[] {
    const { state, effects } = step(stream.state, input, this.clock.monotonic(), this.options);
    stream.state = state;
    if (state.retryAt === Number.POSITIVE_INFINITY) this.timed.delete(stream);
    else {
      this.timed.add(stream);
      this.sweeper ??= this.clock.after(this.options.sweepMs, () => this.sweep());
    }
    return effects;
  }

  private apply(stream: Stream, effect: StreamEffect): void {
    switch (effect.type) {
      case 'ask':
        this.ask(stream, effect);
        return;
      case 'dropped':
        this.drops.add(1, { reason: effect.reason });
        return;
      case 'ended':
        if (!this.forget(stream)) return;
        for (const { listener } of listenersNow(stream.listeners))
          listener.lost(effect.code, { entity: entityKey(stream.entity) });
        stream.listeners = undefined;
        return;
      case 'deliver':
        throw new MusterError('BAD_FRAME', { peer: stream.state.owner, cause: 'nothing to deliver' });
    }
  }

  private ask({ entity, topic, shard }: Stream, effect: Extract<StreamEffect, { type: 'ask' }>): void {
    this.asks.add(1);
    const { to, term: of, after, snapshot } = effect;
    const body = { kind: entity.kind, id: entity.id, topic, after, snapshot };
    // Not taken: `askAgain`, the time-out or the link's loss brings it back.
    this.peers.send(to, 'data', { type: 'subscribe', shard, term: of, body });
  }

  private sweep(): void {
    this.sweeper = undefined;
    for (const stream of [...this.timed]) this.input(stream, { type: 'tick' });
    if (this.timed.size > 0) this.sweeper ??= this.clock.after(this.options.sweepMs, () => this.sweep());
  }
}

/** No kind holds a slash, and a topic is the program's: the text names one pair only. */
function keyOf(kind: string, id: string, topic: string): string {
  return `${topic}\n${kind}/${id}`;
}
