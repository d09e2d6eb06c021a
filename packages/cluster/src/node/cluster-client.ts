import type { PeerId } from '@muster/ports';
import { ownedDigest } from '../heartbeat/protocol.js';
import type { Peers } from '../links/peers.js';
import { type LoadReport, MemberAgent } from '../membership/agent.js';
import { readMembers } from '../membership/read-members.js';
import { ROOM_FOR_ALL, type Room } from '../membership/room.js';
import type { CommandRouter } from '../routing/call.js';
import { Router } from '../routing/router.js';
import { Streams } from '../streams/streams.js';
import type { EventStreams } from '../streams/subscription.js';
import { storeKeys } from '../table/layout.js';
import { RoutingTable } from '../table/routing-table.js';
import type { ClusterAccess } from './cluster-access.js';
import { MemberLinks } from './member-links.js';
import type { ClusterOptions } from './options.js';
import { hearPlacements } from './placements.js';
import { isReady, type ProcessSetup, peersOf, unknownVitals } from './process.js';
import { type ClusterRules, clusterRules } from './rules.js';

export interface ClusterClientSetup extends ProcessSetup {
  /** Of kinds whose shard is not decided by `kind/id`: the same as the nodes have (`placementKeys(kinds)`). */
  readonly placementKeys?: ReadonlyMap<string, (id: string) => string>;
  readonly options?: ClusterOptions;
  readonly rules?: Partial<ClusterRules>;
}

const OWNS_NOTHING = new Uint8Array(0);

/** A gateway's part of the cluster: it is a member, knows the table, sends commands and follows streams, and owns nothing. */
export class ClusterClient implements ClusterAccess {
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly router: CommandRouter;
  readonly streams: EventStreams;
  readonly agent: MemberAgent;
  private readonly setup: ClusterClientSetup;
  private readonly routing: Router;
  private readonly streaming: Streams;
  private readonly memberLinks: MemberLinks;
  private sessions = 0;
  private sessionsOfAll = 0;
  private roomNow = ROOM_FOR_ALL;
  private stopping: Promise<void> | undefined;

  constructor(setup: ClusterClientSetup) {
    const { clock, metrics, options = {} } = setup;
    this.setup = setup;
    const peers = peersOf(setup, 'gateway', options);
    const table = new RoutingTable(setup.placementKeys, setup.self.shards);
    this.peers = peers;
    this.table = table;
    const { isNewerPlace, takeBack } = clusterRules(setup.rules);
    const routing = { clock, peers, table, metrics, isNewerPlace, takeBack };
    this.routing = new Router({ ...routing, ...(options.router && { options: options.router }) });
    // After the router: commands that re-attach a session leave before the subscriptions that rely on it.
    this.streaming = new Streams({
      clock,
      peers,
      table,
      metrics,
      placeOf: (shard) => this.routing.placeOf(shard),
      ...(options.streams && { options: options.streams }),
    });
    hearPlacements(peers, table, (shard, owner, of) => this.routing.heard(shard, owner, of));
    // Behind what the router sends there first.
    this.routing.onOwner((shard) => clock.defer(() => this.streaming.placed(shard)));
    this.router = this.routing;
    this.streams = this.streaming;
    this.memberLinks = new MemberLinks({ peers, table, roles: ['node'] });
    this.agent = this.newAgent();
  }

  get self(): PeerId {
    return this.peers.self.peer;
  }

  get clusterSessions(): number {
    return this.sessionsOfAll;
  }

  /** What the leader last said that the cluster has room for. */
  get room(): Room {
    return this.roomNow;
  }

  get ready(): boolean {
    return isReady(this.table, this.peers, this.agent);
  }

  setSessions(count: number): void {
    this.sessions = count;
  }

  /** Listens and registers; resolves with the address once others can find it. @throws MusterError ADDRESS_IN_USE, STORE_MISMATCH */
  async start(): Promise<string> {
    const address = await this.peers.listen(this.setup.self.address);
    await this.agent.start();
    return address;
  }

  /** Where clients reach this gateway; empty: nobody knows. */
  announce(clientUrl: string): void {
    this.agent.setClient(clientUrl);
  }

  /** URLs for clients of the other gateways that are up, as the store has them; none where it does not answer. */
  async otherGateways(): Promise<readonly string[]> {
    const { store } = this.setup;
    const keys = storeKeys(this.peers.self.cluster);
    try {
      const { entries } = await store.range(keys.members('gateway'));
      const others = readMembers(keys, 'gateway', entries).filter(({ peer }) => peer !== this.self);
      return others.flatMap(({ record: { state, client } }) => (state === 'up' && client ? [client] : []));
    } catch (error) {
      this.setup.log.write('warn', 'gateway.others-unknown', { error });
      return [];
    }
  }

  /** Says that it takes nobody new: others send their clients elsewhere, and nothing else changes. */
  drain(): void {
    this.agent.leave();
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  private async leave(): Promise<void> {
    this.agent.leave();
    await this.agent.stop();
    this.routing.stop();
    this.streaming.stop();
    this.memberLinks.stop();
    await this.peers.stop();
  }

  private newAgent(): MemberAgent {
    const { clock, store, storageIdentity, metrics, log, replaced, retire, options = {} } = this.setup;
    const { membership, heartbeat } = options;
    return new MemberAgent({
      clock,
      store,
      storageIdentity,
      peers: this.peers,
      table: this.table,
      role: 'gateway',
      metrics,
      log,
      load: () => this.load(),
      on: {
        // Nothing here is owned, so there is nothing to fence: owners answer for themselves.
        frozen: () => undefined,
        replaced: (by) => replaced?.(by),
        retire: (by) => retire?.(by),
        sessions: (count) => {
          this.sessionsOfAll = count;
        },
        room: (room) => {
          this.roomNow = room;
        },
      },
      ...(membership && { options: membership }),
      ...(heartbeat && { heartbeat }),
    });
  }

  private load(): LoadReport {
    const vitals = (this.setup.vitals ?? unknownVitals)();
    return {
      ...vitals,
      ownedDigest: ownedDigest([]),
      owned: 0,
      actors: 0,
      sessions: this.sessions,
      occupied: OWNS_NOTHING,
    };
  }
}
