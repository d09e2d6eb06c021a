import type { Counter, Metrics, PeerId, ShardId, Term } from '@muster/ports';
import type { ActorHost, DeliveryOrigin, Json, OutboundSend, Outcome, Outlet, PublishedEvent } from '@muster/runtime';
import type { EnvelopeInit, Reply } from '@muster/wire';
import type { Peers } from '../links/peers.js';
import type { RoutedOutcome } from '../routing/call.js';
import { isBounce } from '../routing/protocol.js';
import type { Router } from '../routing/router.js';
import type { RoutingTable } from '../table/routing-table.js';
import type { Flights } from './flights.js';

export interface NodeOutletSetup {
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly flights: Flights;
  readonly metrics: Metrics;
}

const noBytes = new Uint8Array(0);

/** What actors of this process let out: answers, commands to others, events. */
export class NodeOutlet implements Outlet {
  private readonly peers: Peers;
  private readonly table: RoutingTable;
  private readonly flights: Flights;
  private readonly drops: Counter;
  private readonly self: PeerId;
  private router: Router | undefined;
  private host: ActorHost | undefined;

  constructor({ peers, table, flights, metrics }: NodeOutletSetup) {
    this.peers = peers;
    this.table = table;
    this.flights = flights;
    this.self = peers.self.peer;
    this.drops = metrics.counter(
      'muster_node_outlet_dropped_total',
      'Answers and events that could not leave, by reason',
    );
  }

  /** Router and host need this outlet to be made; it needs them before the first actor runs. */
  join(router: Router, host: ActorHost): void {
    this.router = router;
    this.host = host;
  }

  reply(to: DeliveryOrigin, shard: ShardId, inTerm: Term, outcome: Outcome): void {
    const bounce = !outcome.ok && isBounce(outcome.code);
    if (bounce) this.flights.bounced(to.replyTo, shard, to.flight ?? 0);
    // A bounce says where the shard is as far as this process knows; an answer, in which term it was given.
    const row = bounce ? this.table.row(shard) : undefined;
    const body = replyBody(to, outcome, row?.owner ?? '');
    const termOf = row?.term ?? inTerm;
    if (to.replyTo === this.self)
      this.router!.reply(this.self, { type: 'reply', shard, term: termOf, epoch: 0, trace: '', body });
    else this.transmit(to.replyTo, { type: 'reply', shard, term: termOf, body });
  }

  send({ from, number, to, command, json, cause, trace }: OutboundSend): void {
    const origin = { type: 'entity', from, number } as const;
    const call = { entity: to, name: command, data: Buffer.from(json), origin, deadlineMs: 0, trace, cause };
    this.router!.call(call, (outcome) =>
      // Where it is by then (K1).
      this.host!.answered(from, this.table.shardOf(from), number, outcomeOf(outcome)),
    );
  }

  publish(subscriber: string, event: PublishedEvent): void {
    const { entity, shard, term, topic, number, previous, name, json, cause, to } = event;
    const data = Buffer.from(json);
    const body = { kind: entity.kind, id: entity.id, topic, number, previous, name, data, cause, ...to };
    this.transmit(subscriber, { type: 'event', shard, term, body });
  }

  private transmit(to: string, envelope: EnvelopeInit): void {
    if (this.peers.send(to, 'data', envelope)) return;
    if (this.peers.link(to) === undefined) {
      // It asks again when it is back: unanswered commands and subscriptions are repeated at every new link.
      this.drops.add(1, { reason: 'no-link' });
      return;
    }
    // Its link is full: dropping one answer silently would leave a hole that nobody sees. A new link shows everybody what to repeat.
    this.drops.add(1, { reason: 'full' });
    this.peers.reset(to, 'overrun');
  }
}

function replyBody(to: DeliveryOrigin, outcome: Outcome, owner: string): Reply {
  return {
    request: to.type === 'entity' ? 0 : to.request,
    code: outcome.ok ? '' : outcome.code,
    data: outcome.ok ? Buffer.from(outcome.json) : detailBytes(outcome.details),
    owner,
    flight: to.flight ?? 0,
    call: to.call ?? 0,
  };
}

function detailBytes(details: Readonly<Record<string, Json>>): Uint8Array {
  for (const _ in details) return Buffer.from(JSON.stringify(details));
  return noBytes;
}

function outcomeOf(outcome: RoutedOutcome): Outcome {
  if (!outcome.ok) return { ok: false, code: outcome.code, details: outcome.details as Readonly<Record<string, Json>> };
  const { buffer, byteOffset, byteLength } = outcome.data;
  return { ok: true, json: Buffer.from(buffer, byteOffset, byteLength).toString('utf8') };
}
