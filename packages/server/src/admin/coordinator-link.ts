import { Peers } from '@muster/cluster';
import {
  type Clock,
  type ErrorDetails,
  isErrorCode,
  type Log,
  type Metrics,
  type Millis,
  MusterError,
  type Network,
  type PeerId,
  peerId,
  type Random,
  type Timer,
  token,
} from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { AdminBackend } from './admin-server.js';

export interface CoordinatorLinkSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly cluster: string;
  readonly build: string;
  /** Any coordinator: the one of this process. */
  readonly home: { readonly peer: PeerId; readonly address: string };
}

/** A question is asked again, at the leader it was sent to or after a change of leader, for this long. */
const CALL_TIMEOUT_MS: Millis = 5_000;
const RETRY_MS: Millis = 50;
/** Lower: a new leader's events are heard sooner. Higher: less is asked while people follow. */
const FOLLOW_AGAIN_MS: Millis = 500;
const WAITING_MAX = 256;
/** Bytes of this client's own name. */
const NAME_BYTES = 9;

interface Waiting {
  readonly command: string;
  readonly arguments: Uint8Array;
  readonly who: string;
  readonly until: Millis;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MusterError) => void;
}

/**
 * Operators' questions on their way to whoever leads: over the same links, messages and rules as everything else between our processes.
 * Starts at the coordinator of its own process and follows NOT_LEADER to the one that leads.
 */
export class CoordinatorLink implements AdminBackend {
  private readonly setup: CoordinatorLinkSetup;
  private readonly peers: Peers;
  private readonly waiting = new Map<number, Waiting>();
  private readonly followers = new Set<(event: unknown) => void>();
  private readonly askedLater = new Set<number>();
  private readonly timers = new Set<Timer>();
  private leader: { readonly peer: PeerId; readonly address: string };
  private lastRequest = 0;
  /** Who sends its events here; empty: nobody at the moment. */
  private following = '';
  /** Somebody did, for those who follow now. */
  private followed = false;
  private keeping = false;
  private asking: Promise<void> | undefined;

  constructor(setup: CoordinatorLinkSetup) {
    const { clock, random, network, metrics, log, cluster, build, home } = setup;
    this.setup = setup;
    this.leader = home;
    const self = {
      role: 'cli' as const,
      peer: peerId(`admin-${token(random, NAME_BYTES)}`, '0'),
      address: '',
      cluster,
      zone: '',
      build,
    };
    this.peers = new Peers({ clock, random, network, self, metrics, log });
    this.peers.on('adminResponse', (_, envelope) => this.answered(envelope));
    this.peers.on('adminEvent', (_, envelope) => this.happened(envelope));
    this.peers.onUp(({ peer }) => this.linked(peer));
    this.peers.onDown(({ peer }) => this.lost(peer));
    // Sent to a leader that has died since: there will be no link to lose.
    this.peers.onMiss((peer) => {
      if (peer !== this.setup.home.peer) this.lost(peer);
    });
    this.peers.connect(home.peer, home.address);
  }

  call(command: string, args: unknown, who: string): Promise<unknown> {
    if (this.waiting.size >= WAITING_MAX)
      return Promise.reject(new MusterError('TOO_MANY_REQUESTS', { max: WAITING_MAX }));
    return new Promise((resolve, reject) => {
      const until = this.setup.clock.monotonic() + CALL_TIMEOUT_MS;
      const request = this.nextRequest();
      this.waiting.set(request, { command, arguments: Buffer.from(JSON.stringify(args)), who, until, resolve, reject });
      this.later(CALL_TIMEOUT_MS, () =>
        this.settle(request)?.reject(new MusterError('DEADLINE_EXCEEDED', { ms: CALL_TIMEOUT_MS })),
      );
      this.ask(request);
    });
  }

  async follow(listener: (event: unknown) => void): Promise<() => void> {
    this.followers.add(listener);
    try {
      if (this.following === '') await this.followLeader();
      if (!this.keeping) this.keepFollowing();
      this.keeping = true;
    } catch (error) {
      this.followers.delete(listener);
      throw error;
    }
    return () => this.followers.delete(listener);
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) timer.cancel();
    for (const [request, { reject }] of this.waiting) {
      this.waiting.delete(request);
      reject(new MusterError('STOPPING', { peer: this.setup.home.peer }));
    }
    await this.peers.stop();
  }

  /** Asks whoever leads for its events. Where that is another one than before, the followers get its answer between the events:
   *  what happened in the meantime is lost. */
  private followLeader(): Promise<void> {
    this.asking ??= this.askForEvents().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async askForEvents(): Promise<void> {
    const answer = await this.call('events.follow', {}, 'events');
    const { peer } = this.leader;
    if (this.following === peer) return;
    const before = this.followed;
    this.following = peer;
    this.followed = true;
    if (before) for (const follower of this.followers) follower(answer);
  }

  /** Again and again: a leader that was deposed forgets its followers without a word. */
  private keepFollowing(): void {
    this.later(FOLLOW_AGAIN_MS, () => {
      if (this.followers.size > 0) {
        void this.followLeader()
          .catch(() => undefined)
          .finally(() => this.keepFollowing());
        return;
      }
      this.following = '';
      this.followed = false;
      this.keeping = false;
    });
  }

  private nextRequest(): number {
    this.lastRequest += 1;
    return this.lastRequest;
  }

  private settle(request: number): Waiting | undefined {
    const waiting = this.waiting.get(request);
    this.waiting.delete(request);
    return waiting;
  }

  private ask(request: number): void {
    const waiting = this.waiting.get(request);
    if (!waiting) return;
    const { command, who } = waiting;
    const body = { request, command, arguments: waiting.arguments, who };
    // Without a link it goes when there is one: questions wait, a leader may just have died.
    this.peers.send(this.leader.peer, 'control', { type: 'adminRequest', body });
  }

  private answered({ body }: EnvelopeOf<'adminResponse'>): void {
    const { request, code } = body;
    const result: unknown = body.result.length === 0 ? null : JSON.parse(Buffer.from(body.result).toString());
    if (code === 'NOT_LEADER') {
      this.redirected(request, (result ?? {}) as ErrorDetails);
      return;
    }
    const waiting = this.settle(request);
    if (code === '') waiting?.resolve(result);
    else
      waiting?.reject(
        new MusterError(isErrorCode(code) ? code : 'INVALID_REQUEST', {
          details: code,
          ...((result ?? {}) as ErrorDetails),
        }),
      );
  }

  /** Asked the wrong one: go to whom it names, or ask again when it names nobody yet. */
  private redirected(request: number, { leader, address }: ErrorDetails): void {
    if (
      typeof leader === 'string' &&
      typeof address === 'string' &&
      leader !== '' &&
      address !== '' &&
      leader !== this.leader.peer
    ) {
      this.leader = { peer: leader as PeerId, address };
      if (leader !== this.setup.home.peer) this.peers.connect(this.leader.peer, address);
    }
    this.askLater(request);
  }

  /** Once, however many reasons there are: each answer may give another. */
  private askLater(request: number): void {
    if (this.askedLater.has(request)) return;
    this.askedLater.add(request);
    this.later(RETRY_MS, () => {
      this.askedLater.delete(request);
      this.ask(request);
    });
  }

  private linked(peer: PeerId): void {
    if (peer !== this.leader.peer) return;
    for (const request of this.waiting.keys()) this.ask(request);
    if (this.followers.size > 0 && this.following === '') void this.followLeader().catch(() => undefined);
  }

  /** Whoever led may be dead: home knows, or will know, who is next. */
  private lost(peer: PeerId): void {
    if (peer === this.following) this.following = '';
    if (peer !== this.leader.peer) return;
    const { home } = this.setup;
    if (peer !== home.peer) this.peers.disconnect(peer);
    this.leader = home;
    for (const request of this.waiting.keys()) this.askLater(request);
    if (this.followers.size > 0) this.later(RETRY_MS, () => void this.followLeader().catch(() => undefined));
  }

  private happened({ body }: EnvelopeOf<'adminEvent'>): void {
    const event: unknown = JSON.parse(Buffer.from(body.event).toString());
    for (const follower of this.followers) follower(event);
  }

  private later(delayMs: Millis, run: () => void): void {
    const timer = this.setup.clock.after(delayMs, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }
}
