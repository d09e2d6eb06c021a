import {
  type Clock,
  type ClusterStore,
  type Log,
  type Metrics,
  type Millis,
  type PeerId,
  parsePeerId,
  type RangeResult,
  type Timer,
} from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import {
  type hasRunOut,
  isCurrent,
  type MemberBeats,
  type MemberEffect,
  type MemberInput,
  newMember,
  stepMember,
} from '../heartbeat/member.js';
import { type HeartbeatOptions, heartbeatOptions } from '../heartbeat/options.js';
import { serveProbes } from '../heartbeat/witness.js';
import type { Peers } from '../links/peers.js';
import type { ShardReport } from '../replication/report.js';
import { type MemberRecord, type StoreKeys, storeKeys } from '../table/layout.js';
import type { RoutingTable } from '../table/routing-table.js';
import { tableFromWire } from '../table/wire-form.js';
import { awaitSameCluster } from './cluster-meta.js';
import { Listing } from './listing.js';
import { type MembershipOptions, membershipOptions } from './options.js';
import { type Registered, readMembers } from './read-members.js';
import { Registration } from './registration.js';
import { type Room, roomOf } from './room.js';

/** What a member tells with each beat. */
export interface LoadReport {
  /** `ownedDigest()` over the shards it has open. */
  readonly ownedDigest: number;
  readonly owned: number;
  readonly actors: number;
  readonly sessions: number;
  readonly loopLagMs: Millis;
  /** Of the event loop, 0…1. */
  readonly utilisation: number;
  readonly rssBytes: number;
  /** Bit `shard % 8` of byte `shard / 8`: the shard holds an actor. Empty for members that own nothing. */
  readonly occupied: Uint8Array;
  /** About the second places of what it owns; each is repeated until the row has changed. */
  readonly reports?: readonly ShardReport[];
  /** For how long storage has not answered; 0: it does. */
  readonly storageAwayMs?: Millis;
  /** Seconds of turns per second: of everything, and of the busiest shards. */
  readonly turns?: number;
  readonly busiest?: readonly { readonly shard: number; readonly turns: number }[];
}

export interface MemberEvents {
  /** Self-fence: stop (true) or resume (false) the ungated actors, in this turn. */
  frozen(frozen: boolean): void;
  /** Somebody else has this process's place: stop, and come back as somebody new. Called once. */
  replaced(by: string): void;
  /** An operator asks it to hand off and end; somebody starts it again. May be repeated. */
  retire?(by: string): void;
  /** Connected players of the whole cluster. */
  sessions?(count: number): void;
  leader?(leader: string, epoch: number): void;
  /** It drains, and no row names it any more: nothing is lost if it ends now. Repeated. */
  released?(): void;
  /** With every good acknowledgement: what the cluster has room for. */
  room?(room: Room): void;
}

export interface MemberAgentSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly storageIdentity?: string | undefined;
  /** Must listen before the agent starts: whoever reads its registration may dial. */
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly role: 'node' | 'gateway' | 'relay';
  readonly metrics: Metrics;
  readonly log: Log;
  readonly load: () => LoadReport;
  readonly on: MemberEvents;
  readonly options?: Partial<MembershipOptions>;
  readonly heartbeat?: Partial<HeartbeatOptions>;
  readonly hasRunOut?: typeof hasRunOut;
}

/** What is urgent is gathered for so much less than from beat to beat. */
const TELL_SOONER = 4;

/**
 * A node's or gateway's place in the cluster: registered in the store under a lease, linked to every coordinator, beating to all of
 * them, and taking the table from the one that leads. It never decides about others, and about itself only to freeze.
 */
export class MemberAgent {
  private readonly setup: MemberAgentSetup;
  private readonly beatMs: Millis;
  private readonly heartbeat: HeartbeatOptions;
  private readonly keys: StoreKeys;
  private readonly registration: Registration;
  private readonly listing: Listing;
  private readonly coordinators = new Map<PeerId, string>();
  private beats: MemberBeats;
  private state: MemberRecord['state'] = 'up';
  /** It drains in order to end: no operator's wish changes that. */
  private leaving = false;
  private client = '';
  private timer: Timer | undefined;
  private telling: Timer | undefined;
  private replacedBy = '';
  private tables = 0;
  private stopped = false;

  constructor(setup: MemberAgentSetup) {
    const { clock, store, peers, log, role } = setup;
    const options = membershipOptions(setup.options);
    this.setup = setup;
    this.heartbeat = heartbeatOptions(setup.heartbeat);
    this.beatMs = this.heartbeat.beatMs;
    this.beats = newMember(clock.monotonic());
    this.keys = storeKeys(peers.self.cluster, peers.self.shards);
    this.registration = new Registration({
      clock,
      store,
      keys: this.keys,
      role,
      peer: peers.self.peer,
      options,
      log,
      record: () => {
        const { address, zone, build } = peers.self;
        return { address, state: this.state, zone, build, ...(this.client ? { client: this.client } : {}) };
      },
      superseded: (by) => this.replaced(by),
    });
    this.listing = new Listing({
      clock,
      store,
      prefix: this.keys.members('coordinator'),
      options,
      listed: (result) => this.listed(result),
    });
    this.listen();
  }

  /** Registers and begins to beat; resolves once registered. @throws MusterError STORE_MISMATCH: the cluster has another shape, or another storage. */
  async start(): Promise<void> {
    await this.checkMeta();
    if (this.stopped) return;
    // Before the first beat: a leader that hears of somebody unknown looks into the store who has this name now (K3).
    await this.registration.start();
    if (this.stopped) return;
    this.listing.start();
    this.tick();
  }

  /** Tells everybody that it drains, so that nothing new is placed here: it is going to end. */
  leave(): void {
    this.leaving = true;
    this.become('draining');
  }

  /** Where clients reach this gateway: others send theirs here when they stop. */
  setClient(url: string): void {
    this.client = url;
    this.registration.changed();
  }

  /** Leaves the store and beats no more. Links are the owner's to end. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.telling?.cancel();
    this.listing.stop();
    await this.registration.stop();
  }

  /** The leader hears what there is to report before the next beat, with all that comes meanwhile. It is told under the last beat's number: this says nothing of time. */
  tellSoon(): void {
    if (this.telling || this.stopped) return;
    this.telling = this.setup.clock.after(this.beatMs / TELL_SOONER, () => {
      this.telling = undefined;
      if (!this.stopped && this.beats.leader !== '') this.beatTo([this.beats.leader as PeerId]);
    });
  }

  /** Checks the fence now: before a batch of work, because a timer comes late in a loop that was stopped. */
  isFrozen(): boolean {
    this.step({ type: 'check' });
    return this.beats.frozen;
  }

  /** What it says that it is. */
  get standing(): MemberRecord['state'] {
    return this.state;
  }

  /** Highest epoch seen. */
  get epoch(): number {
    return this.beats.epoch;
  }

  /** Peer id of the leader, as far as known. */
  get leader(): string {
    return this.beats.leader;
  }

  /** Since the sending of the last beat that a leader acknowledged well. */
  get sinceGoodMs(): Millis {
    return this.setup.clock.monotonic() - this.beats.goodAt;
  }

  /** Pushes of the table that were taken. */
  get tablesTaken(): number {
    return this.tables;
  }

  private listen(): void {
    const { peers } = this.setup;
    serveProbes(peers);
    peers.on('heartbeatAck', (from, { body, epoch }) => {
      if (from.role !== 'coordinator') return;
      const { number, leads, goodForMs } = body;
      const counts = leads && isCurrent(this.beats, epoch);
      this.step({ type: 'ack', from: from.peer, epoch, number, leads, goodForMs });
      if (counts) this.acknowledged(body);
    });
    peers.on('table', (from, { body, epoch }) => {
      if (from.role !== 'coordinator') return;
      // Fence 3: a deposed leader's table is older than what we have.
      if (!isCurrent(this.beats, epoch)) {
        this.count('table-of-older-epoch');
        return;
      }
      this.step({ type: 'epoch', from: from.peer, epoch });
      this.tables += 1;
      this.setup.table.apply(tableFromWire(body, this.setup.table.layout));
    });
    peers.on('replaced', (from, { body, epoch }) => {
      if (from.role === 'coordinator' && isCurrent(this.beats, epoch)) this.replaced(body.by);
    });
    peers.on('retire', (from, { body, epoch }) => {
      if (from.role === 'coordinator' && isCurrent(this.beats, epoch)) this.setup.on.retire?.(body.by);
    });
    peers.onUp((info) => {
      if (info.role === 'coordinator') this.beatTo([info.peer]);
    });
    peers.onDown((info) => {
      // It may be back under a new incarnation before the next regular list.
      if (info.role === 'coordinator') this.listing.hint();
    });
  }

  private acknowledged(ack: EnvelopeOf<'heartbeatAck'>['body']): void {
    const { on, log } = this.setup;
    const { asked, released } = ack;
    on.sessions?.(ack.sessions);
    on.room?.(roomOf(ack));
    if (released && this.state === 'draining') on.released?.();
    // The leader keeps asking until a beat says so, and nothing else: the state lives here, and survives every leader.
    if (this.leaving || asked === this.state || !isState(asked)) return;
    log.write('info', 'member.asked', { state: asked, before: this.state });
    this.become(asked);
  }

  private become(state: MemberRecord['state']): void {
    if (this.state === state) return;
    this.state = state;
    this.registration.changed();
    this.beat();
  }

  private checkMeta(): Promise<void> {
    const { storageIdentity: storage } = this.setup;
    const { keys, heartbeat } = this;
    return awaitSameCluster({ ...this.setup, keys, storage, retryMs: heartbeat.beatMs, isStopped: () => this.stopped });
  }

  private listed({ entries }: RangeResult): void {
    const { peers } = this.setup;
    const found = readMembers(this.keys, 'coordinator', entries);
    for (const { peer, record } of found) {
      this.coordinators.set(peer, record.address);
      peers.connect(peer, record.address);
    }
    for (const peer of [...this.coordinators.keys()]) if (!this.isWanted(peer, found)) this.forget(peer);
    // In the same rhythm: the leader may have taken our line away, or another incarnation may stand there.
    void this.registration.look();
  }

  /** A coordinator that is linked stays, registered or not: leases may all run out at once. */
  private isWanted(peer: PeerId, found: readonly Registered[]): boolean {
    const { id } = parsePeerId(peer);
    const registered = found.find((other) => other.id === id);
    return registered ? registered.peer === peer : this.setup.peers.link(peer) !== undefined;
  }

  private forget(peer: PeerId): void {
    this.coordinators.delete(peer);
    this.setup.peers.disconnect(peer);
  }

  private tick(): void {
    if (this.stopped) return;
    this.timer = this.setup.clock.after(this.beatMs, () => this.tick());
    this.beat();
  }

  private beat(): void {
    if (!this.stopped) this.step({ type: 'beat' });
  }

  private step(input: MemberInput): void {
    const { clock, hasRunOut } = this.setup;
    const { state, effects } = stepMember(this.beats, input, clock.monotonic(), this.heartbeat, hasRunOut);
    this.beats = state;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: MemberEffect): void {
    const { on, log } = this.setup;
    switch (effect.type) {
      case 'beat':
        this.beatTo(this.coordinators.keys());
        return;
      case 'freeze':
        log.write('warn', 'member.frozen', { sinceMs: effect.sinceMs, epoch: this.beats.epoch });
        this.count('freeze');
        on.frozen(true);
        return;
      case 'thaw':
        log.write('info', 'member.thawed', { epoch: this.beats.epoch });
        on.frozen(false);
        return;
      case 'leader':
        log.write('info', 'member.leader', { leader: effect.leader, epoch: effect.epoch });
        on.leader?.(effect.leader, effect.epoch);
        return;
    }
  }

  private beatTo(coordinators: Iterable<PeerId>): void {
    const { peers, load, table } = this.setup;
    const { number, frozen, epoch } = this.beats;
    const linked = number === 0 ? [] : [...coordinators].filter((peer) => peers.link(peer));
    if (linked.length === 0) return;
    const body = { ...load(), number, frozen, state: this.state, tableRevision: table.revision };
    for (const peer of linked) peers.send(peer, 'control', { type: 'heartbeat', epoch, body });
  }

  private replaced(by: string): void {
    if (this.replacedBy !== '' || this.stopped) return;
    this.replacedBy = by;
    this.setup.log.write('error', 'member.replaced', { by, epoch: this.beats.epoch });
    this.count('replaced');
    this.setup.on.replaced(by);
  }

  private count(what: string): void {
    const { metrics, role } = this.setup;
    metrics.counter('muster_member_events_total', 'Freezes, replacements and refused tables').add(1, { what, role });
  }
}

function isState(text: string): text is MemberRecord['state'] {
  return text === 'up' || text === 'cordoned' || text === 'draining';
}
