import type { AttachData } from '@muster/play';
import {
  MemoryMetrics,
  playerId,
  SeededRandom,
  silentLog,
  silentTracer,
  type Tracer,
  VirtualClock,
} from '@muster/ports';
import { type Places, TachyonProtocol } from '@muster/tachyon';
import type { ClientSocket, SocketListener } from '../core/client-socket.js';
import { GatewayCore } from '../core/core.js';
import type { GatewayOptions } from '../core/options.js';
import type { AnyPlaceView } from '../core/place-feeds.js';
import { FakeCluster } from './fake-cluster.test-kit.js';

export type Frame = Readonly<Record<string, unknown>>;

/** A client that remembers everything. */
export class FakeSocket implements ClientSocket {
  readonly frames: Frame[] = [];
  readonly speaksMuster: boolean;
  pings = 0;
  /** What waits before the next frame. */
  buffered = 0;
  closedWith: { readonly code: number; readonly reason: string } | undefined;

  constructor(speaksMuster: boolean) {
    this.speaksMuster = speaksMuster;
  }

  send(text: string): number {
    this.frames.push(JSON.parse(text) as Frame);
    return this.buffered + text.length;
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }

  /** `commandId` of everything that came, `!` for a failure. */
  get said(): readonly string[] {
    return this.frames.map(({ commandId, status }) => `${String(commandId)}${status === 'failed' ? '!' : ''}`);
  }
}

export interface CoreWorld {
  readonly clock: VirtualClock;
  readonly cluster: FakeCluster;
  readonly metrics: MemoryMetrics;
  readonly core: GatewayCore;
}

export function coreWorld(
  options: Partial<GatewayOptions> = {},
  tracer: Tracer = silentTracer,
  protocol = new TachyonProtocol(),
  views?: Readonly<Record<string, AnyPlaceView>>,
): CoreWorld {
  const clock = new VirtualClock();
  const cluster = new FakeCluster();
  const metrics = new MemoryMetrics();
  const random = new SeededRandom(7);
  const setup = { clock, random, cluster, metrics, log: silentLog, tracer, protocol, options };
  const core = new GatewayCore({ ...setup, ...(views && { views }) });
  return { clock, cluster, metrics, core };
}

export class FakeClient {
  readonly socket: FakeSocket;
  readonly session: SocketListener;
  private sent = 0;

  constructor({ core }: CoreWorld, player = '1', speaksMuster = false) {
    this.socket = new FakeSocket(speaksMuster);
    this.session = core.open(this.socket, { role: 'player', playerId: playerId(player) });
  }

  request(commandId: string, data: unknown = {}, messageId = `m${++this.sent}`): void {
    this.session.frame(JSON.stringify({ type: 'request', messageId, commandId, data }));
  }
}

/** An autohost's connection whose attach was answered, and which the actor knows. */
export class FakeAutohost {
  readonly socket = new FakeSocket(false);
  readonly session: SocketListener;
  readonly bot: string;
  private readonly world: CoreWorld;
  private sent = 0;

  constructor(world: CoreWorld, bot = '7') {
    this.world = world;
    this.bot = bot;
    this.session = world.core.open(this.socket, { role: 'autohost', botId: bot });
  }

  /** Attached, listened to, and has told its status. */
  ready(requests: readonly unknown[] = []): this {
    const attach = this.world.cluster.next('attach');
    attach.ok(null);
    const { session } = attach.json as { readonly session: string };
    this.world.cluster.snapshot(`autohost/${this.bot}`, 'self', { session, requests });
    this.event('autohost/status', { maxBattles: 2, currentBattles: 0, availableEngines: ['1'] });
    this.world.cluster.next('status').ok();
    return this;
  }

  event(commandId: string, data: unknown): void {
    this.say({ type: 'event', commandId, data });
  }

  update(time: number, type = 'start', more: object = {}): void {
    this.event('autohost/update', { battleId: BATTLE_ID, time, update: { type, ...more } });
  }

  say(frame: object): void {
    this.sent += 1;
    this.session.frame(JSON.stringify({ messageId: `m${this.sent}`, ...frame }));
  }

  notice(name: string, data: object): void {
    this.world.cluster.publish(`autohost/${this.bot}`, 'self', name, { session: FIRST_SESSION, ...data });
  }
}

export const BATTLE_ID = '75bfc493-2b9d-495d-a453-06722fdca2ea';

/** A client whose attach was answered and who has got `user/self`. */
export function attachedClient(
  world: CoreWorld,
  player = '1',
  watch: readonly string[] = [],
  speaksMuster = false,
  places: Places = {},
): FakeClient {
  const client = new FakeClient(world, player, speaksMuster);
  const attach = world.cluster.next('attach');
  attach.ok({ login: 1, resumed: false, watch, places });
  const { session } = attach.json as AttachData;
  world.cluster.snapshot(`player/${player}`, 'self', { places, session, user: { userId: player } });
  return client;
}

/** The session of {@link attachedClient}, as the player's actor knows it. */
export const FIRST_SESSION = 'gateway-1#a1/1';
