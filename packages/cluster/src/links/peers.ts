import {
  type Clock,
  type Connection,
  type Listener,
  type Log,
  type LogLevel,
  type Metrics,
  MusterError,
  type Network,
  type PeerId,
  parsePeerId,
  type Random,
} from '@muster/ports';
import type { BodyType, Envelope, EnvelopeInit, EnvelopeOf, Lane, LinkOptions } from '@muster/wire';
import { Dialler } from './dialler.js';
import { type PeerInfo, type SelfInfo, secondCounts } from './handshake.js';
import { type PeersOptions, peersOptions } from './options.js';
import { type DownReason, PeerLink } from './peer-link.js';
import { type ProbeOutcome, probe } from './probe.js';

export interface PeersSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** `address` is replaced by the one really taken when {@link Peers.listen} is called. */
  readonly self: SelfInfo;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly options?: Partial<PeersOptions>;
  readonly link?: Partial<LinkOptions>;
}

export type EnvelopeHandler<T extends BodyType> = (from: PeerInfo, envelope: EnvelopeOf<T>) => void;
type AnyHandler = (from: PeerInfo, envelope: Envelope) => void;

/**
 * The links of one process: at most one per peer, dialled again for as long as it is wanted. Envelopes go to the one handler of
 * their body type; bodies that nobody handles are counted and dropped. Listeners hear `up` before the first envelope of a link and
 * `down` after its last. A peer that wakes up under an incarnation known to be dead is refused (K3).
 */
export class Peers {
  private readonly setup: PeersSetup;
  private readonly options: PeersOptions;
  private readonly log: Log;
  private readonly links = new Map<PeerId, PeerLink>();
  private readonly greeting = new Set<PeerLink>();
  private readonly diallers = new Map<PeerId, Dialler>();
  /** With who said so: the table can take it back, a newer incarnation cannot. */
  private readonly buried = new Map<PeerId, 'table' | 'newer'>();
  /** Id → the incarnation that came last, linked or not. */
  private readonly newest = new Map<string, PeerId>();
  private readonly handlers = new Map<BodyType, AnyHandler>();
  private readonly ups = new Set<(peer: PeerInfo) => void>();
  private readonly downs = new Set<(peer: PeerInfo, reason: DownReason) => void>();
  private readonly misses = new Set<(peer: PeerId, reason: DownReason) => void>();
  private readonly writables = new Set<(peer: PeerInfo, lane: Lane) => void>();
  private me: SelfInfo;
  private listener: Listener | undefined;
  private stopped = false;

  constructor(setup: PeersSetup) {
    this.setup = setup;
    this.options = peersOptions(setup.options);
    this.log = setup.log;
    this.me = setup.self;
  }

  get self(): SelfInfo {
    return this.me;
  }

  /** Takes links at `address` (port 0: a free one) and returns where. @throws MusterError ADDRESS_IN_USE */
  async listen(address: string): Promise<string> {
    this.listener = await this.setup.network.listen(address, (connection) => this.accept(connection));
    this.me = { ...this.me, address: this.listener.address };
    return this.listener.address;
  }

  /** Keeps a link to this peer until {@link disconnect}: dials now and again after each loss. See `dials` for who should. */
  connect(peer: PeerId, address: string): void {
    if (this.stopped) return;
    const known = this.diallers.get(peer);
    if (known) {
      known.address = address;
      return;
    }
    const dialler = new Dialler({
      clock: this.setup.clock,
      random: this.setup.random,
      options: this.options,
      peer,
      address,
    });
    dialler.dial = () => this.dial(dialler);
    this.diallers.set(peer, dialler);
    if (!this.links.has(peer)) dialler.now();
  }

  /** Dials no more and ends the link. */
  disconnect(peer: PeerId): void {
    this.diallers.get(peer)?.stop();
    this.diallers.delete(peer);
    for (const link of this.greeting) if (link.expected === peer) link.end('disconnected');
    this.links.get(peer)?.end('disconnected');
  }

  /** That incarnation is dead: its link ends and it is refused from now on. `by`: the table said so, or a newer incarnation came. */
  bury(peer: PeerId, by: 'table' | 'newer' = 'table'): void {
    const before = this.buried.get(peer);
    this.buried.delete(peer);
    this.buried.set(peer, before === 'newer' ? before : by);
    trim(this.buried, this.options.buriedMax);
    this.diallers.get(peer)?.stop();
    this.diallers.delete(peer);
    this.links.get(peer)?.refuse(this.deadError(peer));
  }

  /** The table lists it among the living: a leader was mistaken about its silence, and it comes back owning nothing. */
  exhume(peer: PeerId): void {
    if (this.buried.get(peer) === 'table') this.buried.delete(peer);
  }

  /** Who is at the other end of the peer's link; undefined: no link. */
  link(peer: string): PeerInfo | undefined {
    return this.links.get(peer as PeerId)?.info;
  }

  linked(): readonly PeerInfo[] {
    return [...this.links.values()].map((link) => link.info!);
  }

  /** False where there is no link or the lane is full. @throws MusterError BAD_FRAME where the envelope itself is at fault */
  send(peer: string, lane: Lane, envelope: EnvelopeInit): boolean {
    const link = this.links.get(peer as PeerId);
    if (!link) return false;
    const result = link.send(lane, envelope);
    return result === 'sent' || result === 'queued';
  }

  /** Ends a link whose other side must notice that it missed something; it is dialled again. */
  reset(peer: string, reason: 'overrun'): void {
    this.links.get(peer as PeerId)?.end(reason);
  }

  /** The one handler of a body type. */
  on<T extends BodyType>(type: T, handler: EnvelopeHandler<T>): void {
    if (this.handlers.has(type)) throw new MusterError('BAD_CONFIG', { details: `two parts handle ${type}` });
    this.handlers.set(type, handler as unknown as AnyHandler);
  }

  onUp(listener: (peer: PeerInfo) => void): () => void {
    return listen(this.ups, listener);
  }

  onDown(listener: (peer: PeerInfo, reason: DownReason) => void): () => void {
    return listen(this.downs, listener);
  }

  /** A dial that came to nothing: `refused` on the same host means that the process is surely dead. */
  onMiss(listener: (peer: PeerId, reason: DownReason) => void): () => void {
    return listen(this.misses, listener);
  }

  /** A send was refused as full and there is room again. */
  onWritable(listener: (peer: PeerInfo, lane: Lane) => void): () => void {
    return listen(this.writables, listener);
  }

  /** Who listens at `address`, by a short dial beside any link there is. */
  probe(address: string, peer: PeerId): Promise<ProbeOutcome> {
    return probe(this.setup, this.me, this.options, address, peer);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const dialler of this.diallers.values()) dialler.stop();
    this.diallers.clear();
    for (const link of [...this.greeting, ...this.links.values()]) link.end('disconnected');
    await this.listener?.close();
  }

  private accept(connection: Connection): void {
    const { metrics } = this.setup;
    if (this.stopped || this.greeting.size >= this.options.greetingsMax) {
      metrics.counter('muster_peers_refused_total', 'Links that were refused').add(1, { reason: 'too-many-greetings' });
      connection.handle({
        open: () => undefined,
        frame: () => undefined,
        drain: () => undefined,
        close: () => undefined,
      });
      connection.close();
      return;
    }
    this.start(connection, undefined);
  }

  private dial(dialler: Dialler): void {
    this.start(this.setup.network.dial(dialler.address), dialler.peer);
  }

  private start(connection: Connection, expected: PeerId | undefined): void {
    const { clock, metrics, log, link: options } = this.setup;
    const link = new PeerLink({
      connection,
      clock,
      metrics,
      log,
      ...(options ? { options } : {}),
      self: () => this.me,
      expected,
      helloTimeoutMs: this.options.helloTimeoutMs,
      events: {
        admit: (info) => (this.buried.has(info.peer) ? this.deadError(info.peer) : undefined),
        greeted: (greeted, info) => this.greeted(greeted, info),
        envelope: (info, lane, envelope) => this.dispatch(info, lane, envelope),
        writable: (info, lane) => {
          for (const listener of this.writables) listener(info, lane);
        },
        ended: (ended, reason, detail) => this.ended(ended, reason, detail),
      },
    });
    this.greeting.add(link);
  }

  private greeted(link: PeerLink, info: PeerInfo): void {
    this.greeting.delete(link);
    const first = this.links.get(info.peer);
    if (first) {
      if (!secondCounts(first, link, this.me.peer < info.peer)) {
        link.end('replaced');
        return;
      }
      first.end('replaced');
    }
    this.buryFormer(info);
    this.links.set(info.peer, link);
    this.diallers.get(info.peer)?.succeeded();
    this.log.write(levelOf(info), 'link.up', { peer: info.peer, role: info.role, dialled: link.dialled });
    this.gauge();
    for (const listener of this.ups) listener(info);
  }

  /** K3: whoever comes under an id proves that the id's former incarnation is dead, also one whose link was lost before. */
  private buryFormer({ peer, role }: PeerInfo): void {
    // Probes and operators come under names that nobody else ever has.
    if (role === 'cli') return;
    const { id } = parsePeerId(peer);
    const former = this.newest.get(id);
    if (former !== undefined && former !== peer) this.bury(former, 'newer');
    this.newest.delete(id);
    this.newest.set(id, peer);
    trim(this.newest, this.options.buriedMax);
  }

  private dispatch(info: PeerInfo, lane: Lane, envelope: Envelope): void {
    const handler = this.handlers.get(envelope.type);
    if (handler) handler(info, envelope);
    else {
      const drops = this.setup.metrics.counter('muster_peers_dropped_total', 'Envelopes that nobody here handles');
      drops.add(1, { body: envelope.type, lane });
    }
  }

  private ended(link: PeerLink, reason: DownReason, detail: string): void {
    this.greeting.delete(link);
    const { info } = link;
    const wasUp = info !== undefined && this.links.get(info.peer) === link;
    if (info && wasUp) {
      this.links.delete(info.peer);
      this.log.write(levelOf(info), 'link.down', { peer: info.peer, role: info.role, reason, detail });
      this.gauge();
      for (const listener of this.downs) listener(info, reason);
    } else if (reason !== 'replaced') {
      this.missed(link, reason, detail);
    }
    const wanted = link.expected ?? info?.peer;
    if (wanted && !this.links.has(wanted) && !this.isGreeting(wanted)) this.diallers.get(wanted)?.again();
  }

  private missed(link: PeerLink, reason: DownReason, detail: string): void {
    if (reason === 'unknown-peer' || reason === 'refused-by-peer' || reason === 'no-hello') {
      this.log.write('warn', 'link.refused', { remote: link.remoteAddress, peer: link.expected, reason, detail });
      this.setup.metrics.counter('muster_peers_refused_total', 'Links that were refused').add(1, { reason });
    }
    if (link.expected) for (const listener of this.misses) listener(link.expected, reason);
  }

  private isGreeting(peer: PeerId): boolean {
    for (const link of this.greeting) if (link.expected === peer) return true;
    return false;
  }

  private gauge(): void {
    this.setup.metrics.gauge('muster_peers_links', 'Links that are up').set(this.links.size);
  }

  private deadError(peer: PeerId): MusterError {
    return new MusterError('UNKNOWN_PEER', { peer, cause: 'that incarnation was replaced' });
  }
}

/** Probes and operators come and go; members are news. */
function levelOf({ role }: PeerInfo): LogLevel {
  return role === 'cli' ? 'debug' : 'info';
}

/** Forgets the oldest entries past `max`. */
function trim(map: Map<unknown, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}

function listen<F>(listeners: Set<F>, listener: F): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
