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
import { TachyonProtocol } from '@muster/tachyon';
import type { ClientSocket, SocketListener } from '../core/client-socket.js';
import { GatewayCore } from '../core/core.js';
import type { GatewayOptions } from '../core/options.js';
import { FakeCluster } from './fake-cluster.test-kit.js';

export type Frame = Readonly<Record<string, unknown>>;

/** A client that remembers everything. */
export class FakeSocket implements ClientSocket {
  readonly frames: Frame[] = [];
  readonly speaksMuster: boolean;
  pings = 0;
  buffered = 0;
  closedWith: { readonly code: number; readonly reason: string } | undefined;

  constructor(speaksMuster: boolean) {
    this.speaksMuster = speaksMuster;
  }

  send(text: string): number {
    this.frames.push(JSON.parse(text) as Frame);
    return this.buffered;
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
): CoreWorld {
  const clock = new VirtualClock();
  const cluster = new FakeCluster();
  const metrics = new MemoryMetrics();
  const random = new SeededRandom(7);
  const core = new GatewayCore({ clock, random, cluster, metrics, log: silentLog, tracer, protocol, options });
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

/** A client whose attach was answered and who has got `user/self`. */
export function attachedClient(
  world: CoreWorld,
  player = '1',
  watch: readonly string[] = [],
  speaksMuster = false,
): FakeClient {
  const client = new FakeClient(world, player, speaksMuster);
  const attach = world.cluster.next('attach');
  attach.ok({ login: 1, resumed: false, watch });
  const { session } = attach.json as AttachData;
  world.cluster.snapshot(`player/${player}`, 'self', { session, user: { userId: player } });
  return client;
}

/** The session of {@link attachedClient}, as the player's actor knows it. */
export const FIRST_SESSION = 'gateway-1#a1/1';
