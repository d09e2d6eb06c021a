import {
  type Call,
  type CallDone,
  type ClusterAccess,
  type ErrorData,
  type OwnerListener,
  ROOM_FOR_ALL,
  type Room,
  type RoutedOutcome,
  RoutingTable,
  type StreamListener,
} from '@muster/cluster';
import type { AttachData, SubscribedReply } from '@muster/play';
import { type EntityRef, type ErrorCode, entityKey, peerId, type ShardId, shardOfKey, term } from '@muster/ports';
import type { Audience } from '@muster/runtime';

export const SELF = peerId('gateway-1', 'a1');
const OWNER = peerId('node-1', 'n1');

/** A command that came, waiting for a test to answer it. */
export interface Asked extends Call {
  readonly json: unknown;
  ok(value?: unknown): void;
  fail(code: ErrorCode, details?: ErrorData): void;
}

/** The cluster as a gateway sees it, with a test in the place of all actors. */
export class FakeCluster implements ClusterAccess {
  readonly self = SELF;
  readonly table = new RoutingTable();
  clusterSessions = 0;
  ready = true;
  room: Room = ROOM_FOR_ALL;
  sessions = 0;
  /** Not answered yet, oldest first. */
  readonly asked: Asked[] = [];
  /** Answers at once where it returns something; else the command waits in {@link asked}. */
  auto: (call: Asked) => unknown = () => undefined;
  private readonly listeners = new Map<string, Set<{ readonly listener: StreamListener }>>();
  private readonly owners = new Set<OwnerListener>();
  /** Of the last event or snapshot of whatever stream. */
  number = 0;
  /** `kind/id topic` of whatever was ever listened to, as often as it was asked for. */
  readonly subscriptions: string[] = [];

  readonly router = {
    call: (call: Call, done: CallDone): void => this.take(call, done),
    onOwner: (listener: OwnerListener): (() => void) => {
      this.owners.add(listener);
      return () => this.owners.delete(listener);
    },
    pending: 0,
  };

  readonly streams = {
    subscribe: (entity: EntityRef, topic: string, _: unknown, listener: StreamListener) => {
      const key = `${entityKey(entity)} ${topic}`;
      const listeners = this.listeners.get(key) ?? new Set();
      // One may listen twice: each time is ended by itself.
      const following = { listener };
      this.subscriptions.push(key);
      this.listeners.set(key, listeners.add(following));
      return {
        close: () => {
          listeners.delete(following);
          if (listeners.size === 0) this.listeners.delete(key);
        },
      };
    },
    size: 0,
  };

  setSessions(count: number): void {
    this.sessions = count;
  }

  /** `kind/id topic` of everything that is listened to. */
  get subscribed(): readonly string[] {
    return [...this.listeners.keys()].sort();
  }

  /** Takes the oldest unanswered command of this name. */
  next(name: string): Asked {
    const at = this.asked.findIndex((call) => call.name === name);
    if (at < 0) throw new Error(`nobody asked ${name}: ${this.asked.map((call) => call.name).join() || 'nothing'}`);
    return this.asked.splice(at, 1)[0]!;
  }

  publish(key: string, topic: string, name: string, data: unknown, cause = '', to: Audience = {}): void {
    this.emit(key, topic, name, data, cause, 'event', to);
  }

  /** A player is nowhere unless `data` says so. */
  snapshot(key: string, topic: string, data: object): void {
    const whole = topic === 'self' && key.startsWith('player/') ? { places: {}, ...data } : data;
    this.emit(key, topic, '', whole, '', 'snapshot');
  }

  lose(key: string, topic: string, code: ErrorCode): void {
    for (const { listener } of [...(this.listeners.get(`${key} ${topic}`) ?? [])]) listener.lost(code, {});
  }

  /** @returns commands that were put in front. */
  newOwner(shard: ShardId): readonly Asked[] {
    const before = this.asked.splice(0);
    for (const listener of this.owners) listener(shard, this.table.row(shard), (call, done) => this.take(call, done));
    const front = [...this.asked];
    this.asked.push(...before);
    return front;
  }

  private take(call: Call, done: CallDone): void {
    const reply = (outcome: RoutedOutcome): void => done(outcome);
    const asked: Asked = {
      ...call,
      json: JSON.parse(Buffer.from(call.data).toString()),
      ok: (value = null) =>
        reply({
          ok: true,
          data: Buffer.from(JSON.stringify(value)),
          shard: shardOfKey(entityKey(call.entity)),
          term: term(1),
        }),
      fail: (code, details = {}) => reply({ ok: false, code, details }),
    };
    const answer = this.auto(asked);
    if (answer !== undefined) asked.ok(answer);
    else this.asked.push(asked);
  }

  private emit(
    key: string,
    topic: string,
    name: string,
    data: unknown,
    cause: string,
    how: 'event' | 'snapshot',
    to: Audience = {},
  ): void {
    this.number += 1;
    const [kind, id] = key.split('/') as [string, string];
    const event = {
      entity: { kind, id },
      topic,
      name,
      data: Buffer.from(JSON.stringify(data)),
      number: this.number,
      cause,
      to: { only: [], except: [], ...to },
      shard: shardOfKey(key),
      term: term(1),
      owner: OWNER,
    };
    for (const { listener } of [...(this.listeners.get(`${key} ${topic}`) ?? [])]) listener[how](event);
  }
}

/** A cluster in which every player exists and every command succeeds at once: for tests of the edge. */
export function obligingCluster(): FakeCluster {
  const cluster = new FakeCluster();
  cluster.auto = ({ name, entity, json }) => {
    if (name === 'attach') {
      // After the subscription, which follows the reply.
      const { session } = json as AttachData;
      queueMicrotask(() =>
        cluster.snapshot(entityKey(entity), 'self', { places: {}, session, user: { userId: entity.id } }),
      );
      return { login: 1, resumed: false, watch: [], places: {} };
    }
    if (name === 'knock') return { retryAfterMs: null };
    return name === 'subscribeReceived' ? subscribedReply() : { userId: entity.id };
  };
  return cluster;
}

/** What a player's actor replies to `subscribeReceived`. */
export function subscribedReply(heard: Partial<SubscribedReply['heard']> = {}): SubscribedReply {
  return { hasMissedMessages: false, heard: { direct: 'p.0', chats: {}, ...heard } };
}
