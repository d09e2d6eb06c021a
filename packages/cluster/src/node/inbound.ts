import {
  type Clock,
  type Counter,
  codeOf,
  type EntityRef,
  type ErrorCode,
  entity,
  isEntity,
  type Metrics,
  type PeerId,
  parseEntity,
  type Role,
  type ShardId,
} from '@muster/ports';
import type { ActorHost, DeliveryOrigin, Outlet } from '@muster/runtime';
import type { CommandInit, EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { CommandEnvelope } from '../routing/command-envelope.js';
import type { RoutingTable } from '../table/routing-table.js';
import type { Flights } from './flights.js';

export interface InboundSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly host: ActorHost;
  readonly outlet: Outlet;
  readonly flights: Flights;
  readonly metrics: Metrics;
  /** Called before a command is taken: freezes the host where the fence has fallen unnoticed. */
  readonly checkFence: () => void;
}

const noBytes = new Uint8Array(0);

/** Who may speak for whom: a client's caller is vouched for by its gateway, an actor by its node. */
const SPEAKERS: Readonly<Record<DeliveryOrigin['type'], readonly Role[]>> = {
  client: ['gateway', 'relay'],
  entity: ['node'],
  admin: ['coordinator', 'cli'],
};

/** Commands that arrive at this process: taken into the host, or sent back where they do not belong here (K14). */
export class Inbound {
  private readonly clock: Clock;
  private readonly table: RoutingTable;
  private readonly host: ActorHost;
  private readonly outlet: Outlet;
  private readonly flights: Flights;
  private readonly self: PeerId;
  private readonly refusals: Counter;
  private readonly checkFence: () => void;

  constructor({ clock, peers, table, host, outlet, flights, metrics, checkFence }: InboundSetup) {
    this.checkFence = checkFence;
    this.clock = clock;
    this.table = table;
    this.host = host;
    this.outlet = outlet;
    this.flights = flights;
    this.self = peers.self.peer;
    this.refusals = metrics.counter('muster_node_refused_total', 'Commands that were not taken, by code');
    peers.on('command', (from, envelope) => this.arrived(from, envelope));
    peers.on('inspect', (from, envelope) => {
      const { request, code, result } = this.inspect(envelope);
      peers.send(from.peer, 'control', { type: 'inspected', body: { request, code, result } });
    });
    // A new link is a new beginning: its first flight is higher than any before, and the sender repeats what it lacks.
    peers.onDown(({ peer }) => this.flights.forget(peer));
  }

  /** From an actor of this process. */
  local(envelope: CommandEnvelope): void {
    this.take(this.self, envelope.shard as ShardId, envelope.term ?? 0, envelope.trace ?? '', envelope.body);
  }

  /** Why something for this entity cannot be done here at the moment, or undefined. */
  refusalFor(to: EntityRef, shard: ShardId, sentIn: number): 'NOT_OWNER' | 'SHARD_MOVING' | undefined {
    // It may have left for a shard of its own, or have come home (K1).
    return this.refusal(shard, sentIn) ?? (this.table.shardOf(to) === shard ? undefined : 'NOT_OWNER');
  }

  /** Why a shard's work cannot be done here at the moment, or undefined. */
  refusal(shard: ShardId, sentIn: number): 'NOT_OWNER' | 'SHARD_MOVING' | undefined {
    switch (this.host.stateOf(shard)) {
      case 'open':
        // The sender heard of a newer term: whatever it is, this process does not own it there yet.
        return sentIn > this.host.termOf(shard)! ? 'NOT_OWNER' : undefined;
      // Its state is not here yet, or not here any more: who asks waits.
      case 'loading':
      case 'sealed':
        return 'SHARD_MOVING';
      case 'closed':
        return 'NOT_OWNER';
    }
  }

  private arrived(from: PeerInfo, { shard, term: sentIn, trace, body }: EnvelopeOf<'command'>): void {
    const speaks = body.session !== '' ? 'client' : body.sender !== '' ? 'entity' : 'admin';
    if (SPEAKERS[speaks].includes(from.role)) this.take(from.peer, shard as ShardId, sentIn, trace, body);
    else
      this.refuse(originOf(from.peer, body), shard as ShardId, 'UNAUTHORIZED', `a ${from.role} sends no such command`);
  }

  private take(from: PeerId, shard: ShardId, sentIn: number, trace: string, body: CommandInit): void {
    const { kind = '', id = '', name = '', data = noBytes, ttlMs = 0, flight = 0 } = body;
    const to: EntityRef = entity(kind, id);
    const origin = originOf(from, body);
    if (!isEntity(kind, id)) {
      this.refuse(origin, shard, 'INVALID_ENTITY', `${kind}/${id}`.slice(0, 160));
      return;
    }
    const refusal = this.refusalFor(to, shard, sentIn);
    if (refusal || this.flights.isOver(from, shard, flight)) {
      this.refuse(origin, shard, refusal ?? 'NOT_OWNER', '');
      return;
    }
    this.checkFence();
    const deadline = ttlMs > 0 ? this.clock.monotonic() + ttlMs : Number.POSITIVE_INFINITY;
    const own = origin.type === 'client' ? `${origin.session}:${origin.request}` : '';
    // A client that answers what another's request led to names that one.
    const cause = body.cause || own;
    this.host.deliver(shard, { entity: to, command: name, data, origin, deadline, cause, trace });
  }

  private refuse(origin: DeliveryOrigin, shard: ShardId, code: ErrorCode, details: string): void {
    this.refusals.add(1, { code });
    const { owner, term } = this.table.row(shard);
    const known = details === '' ? { shard, peer: this.self, term, owner } : { details, entity: details };
    this.outlet.reply(origin, shard, term, { ok: false, code, details: known });
  }

  private inspect({ shard, body }: EnvelopeOf<'inspect'>): { request: number; code: string; result: Uint8Array } {
    const { request } = body;
    const refusal = this.refusal(shard as ShardId, 0);
    if (refusal === 'NOT_OWNER') return { request, code: refusal, result: noBytes };
    try {
      const seen = this.host.inspect(shard as ShardId, entity(body.kind, body.id));
      // What is not here yet may be on its way here.
      if (seen === undefined) return { request, code: refusal ?? 'NOT_FOUND', result: noBytes };
      return { request, code: '', result: Buffer.from(JSON.stringify(seen)) };
    } catch (error) {
      return { request, code: codeOf(error) ?? 'ACTOR_FAILED', result: noBytes };
    }
  }
}

/** The reply goes to whoever sent it over this link, whatever the command says. */
function originOf(replyTo: PeerId, body: CommandInit): DeliveryOrigin {
  const { session = '', request = 0, answered = 0, caller = '', sender = '', number = 0, flight = 0, call = 0 } = body;
  if (session !== '') return { type: 'client', session, request, answered, replyTo, caller, flight, call };
  if (sender !== '') return { type: 'entity', from: parseEntity(sender), number, replyTo, flight, call };
  return { type: 'admin', who: caller, request, replyTo, flight, call };
}
