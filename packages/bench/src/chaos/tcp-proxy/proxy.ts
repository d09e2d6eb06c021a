// A TCP proxy in front of one process. It is no friendlier than the process itself: where nobody listens behind it, dialling it is refused.
//
//   dialler ── near ──► proxy ── far ──► target          one way: rules of (dialler → target), the other: (target → dialler)
//
//   hidden ── target accepts ──► shown ── target refuses ──► hidden      (looked at every few ms while hidden, and at each end of a connection)
//
// Without that, the death of a process would look like a network that hangs up: its peers would dial and be accepted by us.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ProxiedConnection } from './proxied-connection.js';
import type { LinkRules } from './rules.js';
import type { Ports } from './socket-owner.js';

const HOST = '127.0.0.1';
/** Lower: more dialling while a process starts. Higher: a process that serves looks dead for as long. */
const LOOK_EVERY_MS = 5;
const LOOK_TIMEOUT_MS = 1_000;

export interface TcpProxySetup {
  /** Name of the process behind it. */
  readonly target: string;
  readonly port: number;
  /** Where the process itself listens, on loopback. */
  readonly upstreamPort: number;
  readonly rules: LinkRules;
  /** Who holds the socket between these ports; empty: somebody without a name. */
  readonly dialledBy: (ports: Ports) => string;
}

export class TcpProxy {
  readonly target: string;
  private readonly setup: TcpProxySetup;
  private readonly connections = new Set<ProxiedConnection>();
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private stopped = false;
  /** Connections that were reset on purpose. */
  resets = 0;

  constructor(setup: TcpProxySetup) {
    this.setup = setup;
    this.target = setup.target;
    this.lookAgain();
  }

  /** Whether dialling works at this moment. */
  get isShown(): boolean {
    return this.server !== undefined;
  }

  /** Looks whether the target listens, and does as it does. */
  look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** Resets the connections that `fits`; returns how many. */
  reset(fits: (dialler: string) => boolean): number {
    const chosen = [...this.connections].filter(({ dialler }) => fits(dialler));
    for (const connection of chosen) connection.reset();
    this.resets += chosen.length;
    return chosen.length;
  }

  /** The rules were cleared: connections that lack bytes cannot go on. */
  healed(): void {
    for (const connection of [...this.connections]) if (connection.hasGap) connection.reset();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.hide();
    for (const socket of this.sockets) socket.destroy();
    await this.looking;
  }

  private async lookNow(): Promise<void> {
    const listens = await accepts(this.setup.upstreamPort);
    if (this.stopped) return;
    if (!listens) this.hide();
    else if (!this.server) await this.show();
    if (!this.server) this.lookAgain();
  }

  private lookAgain(): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private hide(): void {
    this.server?.close();
    this.server = undefined;
  }

  private show(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.accept(near));
    return new Promise((resolve) => {
      // The former listener may not be gone yet: the next look tries again.
      server.once('error', () => resolve());
      server.listen(this.setup.port, HOST, () => {
        if (this.stopped) server.close();
        else this.server = server;
        resolve();
      });
    });
  }

  private accept(near: Socket): void {
    const { target, upstreamPort, rules, dialledBy } = this.setup;
    this.keep(near);
    const ports = { local: near.remotePort ?? 0, remote: this.setup.port };
    const far = connect({ host: HOST, port: upstreamPort, allowHalfOpen: true, noDelay: true });
    this.keep(far);
    const connection = new ProxiedConnection({
      dialledBy: () => dialledBy(ports),
      target,
      near,
      far,
      rules,
      farEnded: () => this.look(),
      closed: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Whether anybody listens on this port. A process that is stopped still does: its kernel accepts. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: LOOK_TIMEOUT_MS });
    const end = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    // A full backlog: it is there.
    socket.once('timeout', () => end(true));
  });
}
