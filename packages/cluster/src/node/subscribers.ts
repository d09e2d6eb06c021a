import { codeOf, type EntityRef, entity, isEntity, type PeerId, type ShardId } from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';

export interface SubscribersSetup {
  readonly peers: Peers;
  readonly host: ActorHost;
  readonly refusal: (to: EntityRef, shard: ShardId, sentIn: number) => 'NOT_OWNER' | 'SHARD_MOVING' | undefined;
}

interface Asked {
  cancelled: boolean;
}

/**
 * Subscriptions of other processes to actors of this one (K16). They end with their process's link: who was listened to hears of it
 * (`subscriberLost`), and the process asks again over its next link.
 */
export class Subscribers {
  private readonly setup: SubscribersSetup;
  /** Those whose actor is still being activated, by listening process and stream. */
  private readonly asked = new Map<PeerId, Map<string, Asked>>();

  constructor(setup: SubscribersSetup) {
    this.setup = setup;
    const { peers } = setup;
    peers.on('subscribe', (from, envelope) => void this.subscribe(from, envelope));
    peers.on('unsubscribe', (from, envelope) => this.unsubscribe(from, envelope));
    peers.onDown(({ peer }) => this.lost(peer));
  }

  private async subscribe({ peer }: PeerInfo, { shard: number, term, body }: EnvelopeOf<'subscribe'>): Promise<void> {
    const shard = number as ShardId;
    const { kind, id, topic, after, snapshot } = body;
    const refusal = isEntity(kind, id) ? this.setup.refusal(entity(kind, id), shard, term) : 'INVALID_ENTITY';
    if (refusal) {
      this.acknowledge(peer, shard, body, refusal);
      return;
    }
    const asked: Asked = { cancelled: false };
    this.note(peer, body, asked);
    let code = '';
    try {
      await this.setup.host.subscribe(shard, { subscriber: peer, entity: entity(kind, id), topic, after, snapshot });
    } catch (error) {
      code = codeOf(error) ?? 'ACTIVATION_FAILED';
    }
    const isNewest = this.forgetAsked(peer, body, asked);
    if (!asked.cancelled) this.acknowledge(peer, shard, body, code);
    else if (code === '' && isNewest) this.undo(peer, shard, body);
  }

  /** It left, or was cut off, while the actor was being activated. */
  private undo(peer: PeerId, shard: ShardId, { kind, id, topic }: EnvelopeOf<'subscribe'>['body']): void {
    const { host, peers } = this.setup;
    if (peers.link(peer)) host.unsubscribe(shard, peer, entity(kind, id), topic);
    else host.forgetSubscriber(peer);
  }

  private unsubscribe({ peer }: PeerInfo, { shard, body }: EnvelopeOf<'unsubscribe'>): void {
    const asked = this.asked.get(peer)?.get(streamOf(body));
    if (asked) asked.cancelled = true;
    this.setup.host.unsubscribe(shard as ShardId, peer, entity(body.kind, body.id), body.topic);
  }

  private lost(peer: PeerId): void {
    for (const asked of this.asked.get(peer)?.values() ?? []) asked.cancelled = true;
    this.setup.host.forgetSubscriber(peer);
  }

  private acknowledge(
    to: PeerId,
    shard: ShardId,
    { kind, id, topic }: EnvelopeOf<'subscribe'>['body'],
    code: string,
  ): void {
    const { peers, host } = this.setup;
    // Where the link is full it is asked for again after a time-out.
    peers.send(to, 'data', {
      type: 'subscribeAck',
      shard,
      term: host.termOf(shard) ?? 0,
      body: { kind, id, topic, code },
    });
  }

  private note(peer: PeerId, body: EnvelopeOf<'subscribe'>['body'], asked: Asked): void {
    const ofPeer = this.asked.get(peer) ?? new Map<string, Asked>();
    this.asked.set(peer, ofPeer.set(streamOf(body), asked));
  }

  /** False where the same was asked again meanwhile. */
  private forgetAsked(peer: PeerId, body: EnvelopeOf<'subscribe'>['body'], asked: Asked): boolean {
    const ofPeer = this.asked.get(peer);
    if (ofPeer?.get(streamOf(body)) !== asked) return false;
    ofPeer.delete(streamOf(body));
    if (ofPeer.size === 0) this.asked.delete(peer);
    return true;
  }
}

function streamOf({ kind, id, topic }: { readonly kind: string; readonly id: string; readonly topic: string }): string {
  return `${topic}\n${kind}/${id}`;
}
