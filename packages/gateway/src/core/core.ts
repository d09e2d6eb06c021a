import type { CallInFront, ClusterAccess } from '@muster/cluster';
import { type AccountView, PLAYER_KIND } from '@muster/play';
import {
  type Clock,
  entity,
  type Log,
  type Metrics,
  type Millis,
  type PlayerId,
  type Random,
  type ShardId,
  type Span,
  type Tracer,
} from '@muster/ports';
import { CLOSE_RESTART, TachyonProtocol } from '@muster/tachyon';
import { AutohostSession } from './autohost-session.js';
import type { ClientSocket, SignedAutohost, SignedIn, SocketListener } from './client-socket.js';
import { writerLimits } from './client-writer.js';
import { Departures } from './departures.js';
import { KeepAlive } from './keep-alive.js';
import { LobbyList } from './lobby-list.js';
import { LoginQueue } from './login-queue.js';
import { type GatewayOptions, gatewayOptions } from './options.js';
import { type AnyPlaceView, PlaceFeeds } from './place-feeds.js';
import { PLACE_VIEWS } from './place-views.js';
import { PlayerSession } from './session.js';
import type { SessionContext } from './session-context.js';
import { SessionsByShard } from './sessions-by-shard.js';
import { Traffic } from './traffic.js';

/** Try again later. */
const CLOSE_FULL = 1013;

export interface GatewayCoreSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: ClusterAccess;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly protocol?: TachyonProtocol;
  readonly options?: Partial<GatewayOptions>;
  /** How the streams of places are read, by kind. Default: {@link PLACE_VIEWS}. */
  readonly views?: Readonly<Record<string, AnyPlaceView>>;
}

/** One part of "may this process serve?" */
export interface Health {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** The client sessions of one gateway, without any socket: what runs behind `ws`, and in the simulator. */
export class GatewayCore {
  readonly options: GatewayOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly cluster: ClusterAccess;
  private readonly tracer: Tracer;
  private readonly log: Log;
  private readonly traffic: Traffic;
  private readonly keepAlive: KeepAlive;
  private readonly context: SessionContext;
  /** For clients on `v0.tachyon`. */
  private readonly tachyonContext: SessionContext;
  private readonly sessions = new Set<PlayerSession>();
  private readonly autohosts = new Set<AutohostSession>();
  private readonly byShard: SessionsByShard;
  private readonly forgetOwners: () => void;
  private opened = 0;
  private draining = false;
  private stopping = false;
  private whenEmpty: (() => void) | undefined;

  constructor(setup: GatewayCoreSetup) {
    const { clock, random, cluster, metrics } = setup;
    this.options = gatewayOptions(setup.options);
    this.clock = clock;
    this.random = random;
    this.cluster = cluster;
    this.tracer = setup.tracer;
    this.log = setup.log;
    this.traffic = new Traffic(metrics);
    this.keepAlive = new KeepAlive(clock, random, this.options, () => this.traffic.flush());
    const protocol = setup.protocol ?? new TachyonProtocol();
    const { sendBufferBytesMax } = this.options;
    this.context = {
      clock,
      random,
      cluster,
      protocol,
      writerLimits: writerLimits(protocol, sendBufferBytesMax),
      options: this.options,
      traffic: this.traffic,
      departures: new Departures(clock, cluster.router, this.options, this.traffic),
      logins: new LoginQueue({ clock, metrics, options: this.options, room: () => cluster.room }),
      feeds: new PlaceFeeds(cluster.streams, setup.views ?? PLACE_VIEWS),
      lobbies: new LobbyList(clock, cluster, this.options),
      trace: (commandId) => this.trace(commandId),
      // The leader's count is a moment old: this gateway's own players are surely there.
      userCount: () => Math.max(cluster.clusterSessions, this.sessions.size),
      ended: (session) => this.ended(session),
    };
    const alone = protocol.tachyonAlone;
    this.tachyonContext = { ...this.context, protocol: alone, writerLimits: writerLimits(alone, sendBufferBytesMax) };
    this.byShard = new SessionsByShard(cluster.table);
    this.forgetOwners = cluster.router.onOwner((shard, _, front) => this.ownerChanged(shard, front));
  }

  /** Connected clients. */
  get size(): number {
    return this.sessions.size;
  }

  /** A client whose token was verified. What the socket hears goes to what is returned. */
  open(socket: ClientSocket, who: SignedIn): SocketListener {
    this.opened += 1;
    const context = socket.speaksMuster ? this.context : this.tachyonContext;
    if (who.role === 'autohost') return this.openAutohost(context, socket, who);
    const session = new PlayerSession(context, `${this.cluster.self}/${this.opened}`, socket, who);
    if (this.stopping || this.draining) {
      session.close(CLOSE_RESTART, 'the server is stopping');
      return session;
    }
    if (this.sessions.size >= this.options.sessionsMax) {
      this.traffic.dropped('sessions');
      session.close(CLOSE_FULL, 'the server is full');
      return session;
    }
    this.sessions.add(session);
    this.byShard.add(session);
    this.keepAlive.add(session);
    this.counted();
    session.start();
    return session;
  }

  /** Autohosts come back by themselves, so nothing is done for them when this gateway stops but to say so. */
  private openAutohost(context: SessionContext, socket: ClientSocket, who: SignedAutohost): SocketListener {
    const session = new AutohostSession(context, `${this.cluster.self}/${this.opened}`, socket, who, (over) => {
      this.autohosts.delete(over);
      this.keepAlive.remove(over);
      this.traffic.autohosts(this.autohosts.size);
    });
    if (this.stopping || this.draining) session.close(CLOSE_RESTART, 'the server is stopping');
    else {
      this.autohosts.add(session);
      this.keepAlive.add(session);
      this.traffic.autohosts(this.autohosts.size);
      session.start();
    }
    return session;
  }

  private closeAutohosts(): void {
    for (const session of [...this.autohosts]) session.close(CLOSE_RESTART, 'the server is restarting');
  }

  /** Ends the sessions of a player who may not play any more. @returns how many */
  banish(player: PlayerId, reason: string): number {
    const { id } = entity(PLAYER_KIND, player);
    const shard = this.cluster.table.shardOf(entity(PLAYER_KIND, player));
    const sessions = [...this.byShard.in(shard)].filter((session) => session.player.id === id);
    for (const session of sessions) session.banish(reason);
    return sessions.length;
  }

  /** The account was changed: the actors of its player's sessions here are told. */
  accountChanged(player: PlayerId, account: AccountView): void {
    const { id } = entity(PLAYER_KIND, player);
    const shard = this.cluster.table.shardOf(entity(PLAYER_KIND, player));
    for (const session of this.byShard.in(shard))
      if (session.player.id === id) session.tell('accountChanged', { account });
  }

  /** Whether a session of this player waits in its actor; false where nobody can tell. */
  async isAwaited(player: PlayerId): Promise<boolean> {
    const said = await this.ask<{ readonly isAwaited: boolean }>(
      player,
      'isAwaited',
      null,
      this.options.requestTimeoutMs,
    );
    return said?.isAwaited === true;
  }

  /** One more sign-in of this player, counted at its actor for all gateways. @returns until when no other is let in; null: come in;
   *  undefined: the actor could not be asked within `deadlineMs` */
  async knock(
    player: PlayerId,
    limit: { readonly max: number; readonly windowMs: Millis },
    deadlineMs: Millis,
  ): Promise<Millis | null | undefined> {
    const said = await this.ask<{ readonly retryAfterMs: Millis | null }>(player, 'knock', limit, deadlineMs);
    return said?.retryAfterMs;
  }

  /** A command for a player whose connection is not open yet. @returns undefined where it had no answer */
  private ask<T>(player: PlayerId, name: string, data: unknown, deadlineMs: Millis): Promise<T | undefined> {
    this.opened += 1;
    const origin = { type: 'client', session: `${this.cluster.self}/${this.opened}`, request: 1, answered: 0 } as const;
    const call = {
      entity: entity(PLAYER_KIND, player),
      name,
      data: Buffer.from(JSON.stringify(data)),
      origin: { ...origin, caller: player },
      deadlineMs,
      trace: '',
      cause: '',
    };
    return new Promise((resolve) => {
      this.cluster.router.call(call, (outcome) =>
        resolve(outcome.ok ? (JSON.parse(Buffer.from(outcome.data).toString()) as T) : undefined),
      );
    });
  }

  /** The login queue; whoever would only be refused there is better told before a socket is opened. */
  get logins(): LoginQueue {
    return this.context.logins;
  }

  ready(): readonly Health[] {
    return [
      {
        name: 'cluster',
        ok: this.cluster.ready,
        detail: this.cluster.ready ? 'every shard has an owner' : 'shards without an owner, or no coordinator answers',
      },
      { name: 'sessions', ok: !this.draining && !this.stopping, detail: this.sessionsDetail() },
    ];
  }

  private sessionsDetail(): string {
    if (this.stopping) return 'stopping';
    return this.draining ? `draining, ${this.sessions.size} still connected` : `${this.sessions.size} connected`;
  }

  /**
   * Asks every client, one after the other, to go to one of `urls` (none: to come back to where it came from), and waits until they are gone.
   * Nobody new is let in. `hurry`: all at once, and only for as long as answers take.
   */
  async drain(urls: readonly string[], hurry: AbortSignal): Promise<void> {
    if (this.draining || this.stopping) return;
    this.draining = true;
    const { moveOnSpreadMs, moveOnWithinMs, answerMs } = this.options;
    this.closeAutohosts();
    this.log.write('info', 'gateway.draining', { sessions: this.sessions.size, to: urls.length });
    const timers = [...this.sessions].map((session) =>
      this.clock.after(this.random.next() * moveOnSpreadMs, () => session.moveOn(oneOf(urls, this.random))),
    );
    const faster = (): void => {
      for (const session of [...this.sessions]) session.finish();
    };
    if (hurry.aborted) faster();
    else hurry.addEventListener('abort', faster);
    await this.emptied(moveOnSpreadMs + moveOnWithinMs + answerMs);
    hurry.removeEventListener('abort', faster);
    for (const timer of timers) timer.cancel();
  }

  /** Ends every session in order: clients come back elsewhere within their grace. Resolves when the actors know, or time is up. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.log.write('info', 'gateway.stopping', { sessions: this.sessions.size });
    this.closeAutohosts();
    for (const session of [...this.sessions]) session.close(CLOSE_RESTART, 'the server is restarting');
    await this.context.departures.settled(this.options.stopMs);
    this.context.logins.stop();
    this.context.lobbies.stop();
    this.keepAlive.stop();
    this.forgetOwners();
    this.byShard.stop();
    this.traffic.flush();
  }

  /** Resolves when nobody is connected, or after `limitMs`. */
  private async emptied(limitMs: Millis): Promise<void> {
    if (this.sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(limitMs, resolve);
      this.whenEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
    this.whenEmpty = undefined;
  }

  private ended(session: PlayerSession): void {
    if (!this.sessions.delete(session)) return;
    this.byShard.delete(session);
    this.keepAlive.remove(session);
    this.counted();
    if (this.sessions.size === 0) this.whenEmpty?.();
  }

  private counted(): void {
    this.cluster.setSessions(this.sessions.size);
    this.traffic.connected(this.sessions.size);
  }

  private ownerChanged(shard: ShardId, front: CallInFront): void {
    for (const session of [...this.byShard.in(shard)]) session.ownerChanged(front);
    for (const session of [...this.autohosts])
      if (this.cluster.table.shardOf(session.autohost) === shard) session.ownerChanged(front);
  }

  private trace(commandId: string): Span | undefined {
    const { traceRatio } = this.options;
    if (traceRatio === 0 || (traceRatio < 1 && this.random.next() >= traceRatio)) return undefined;
    const span = this.tracer.start('gateway.receive', '');
    span.set('tachyon.command', commandId);
    return span;
  }
}

function oneOf(urls: readonly string[], random: Random): string | undefined {
  return urls[Math.floor(random.next() * urls.length)];
}
