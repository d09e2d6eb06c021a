import type { AddressInfo, Socket } from 'node:net';
import { type Clock, causeOf, type Log, type Metrics, MusterError, type Random, type Storage } from '@muster/ports';
import { type FastifyInstance, fastify } from 'fastify';
import type { GatewayCore, Health } from '../core/core.js';
import { EmbeddedIssuer } from '../oauth/embedded-issuer.js';
import { type OAuthChanges, oauthOptions } from '../oauth/options.js';
import { SigningKeyring } from '../oauth/signing-keys.js';
import { TokenVerifier } from '../oauth/token-verifier.js';
import { plainAddress } from './address.js';
import { BanWatch } from './ban-watch.js';
import { EdgeCounts } from './edge-counts.js';
import { type GatewayServerOptions, gatewayServerOptions } from './options.js';
import { RequestLimits } from './request-limits.js';
import { addRoutes } from './routes.js';
import { Door } from './sign-in.js';
import { Upgrades } from './upgrade.js';

export interface GatewayServerSetup {
  readonly core: GatewayCore;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly options?: Partial<GatewayServerOptions>;
  readonly oauth?: OAuthChanges;
}

/** The port that clients connect to: sign-in over HTTP, sessions over WebSocket. */
export class GatewayServer {
  private readonly setup: GatewayServerSetup;
  private readonly options: GatewayServerOptions;
  private readonly keyring: SigningKeyring;
  private readonly issuer: EmbeddedIssuer;
  private readonly limits: RequestLimits;
  private readonly counts: EdgeCounts;
  private readonly upgrades: Upgrades;
  private readonly bans: BanWatch;
  private readonly app: FastifyInstance;
  private origin = '';

  constructor(setup: GatewayServerSetup) {
    const { core, storage, clock, random, metrics, log } = setup;
    const oauth = oauthOptions(setup.oauth);
    this.setup = setup;
    this.options = gatewayServerOptions(setup.options);
    this.limits = new RequestLimits(clock, this.options);
    this.counts = new EdgeCounts(metrics);
    this.keyring = new SigningKeyring(storage.keys, clock);
    const { keyring, limits, counts, options } = this;
    const limit = (account: string): number | undefined => limits.account(account);
    this.issuer = new EmbeddedIssuer({ storage, keyring, clock, random, metrics, log, options: oauth, limit });
    const verifier = new TokenVerifier(oauth, keyring, clock);
    const door = new Door({ verifier, storage, limits, counts, clock, log });
    this.upgrades = new Upgrades({ clock, core, door, limits, counts, options });
    this.bans = new BanWatch({ core, accounts: storage.accounts, moderation: storage.moderation, clock, log, options });
    this.app = this.httpServer();
    addRoutes(this.app, { issuer: this.issuer, door, limits, counts, oauth, options, listening: () => this.origin });
  }

  /** Makes or reads the signing key, then listens; port 0 takes a free one. @throws MusterError ADDRESS_IN_USE, STORAGE_UNAVAILABLE */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }> {
    await this.keyring.current();
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
        throw new MusterError('ADDRESS_IN_USE', { address: `${host}:${port}` });
      throw new MusterError('BAD_CONFIG', { details: `cannot listen at ${host}:${port}: ${causeOf(error)}` });
    }
    const { address, port: taken, family } = this.app.server.address() as AddressInfo;
    this.origin = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
    this.issuer.start();
    this.bans.start();
    this.setup.log.write('info', 'gateway.listening', { url: this.origin });
    return { url: this.origin };
  }

  ready(): readonly Health[] {
    const listening = this.app.server.listening;
    return [
      ...this.setup.core.ready(),
      { name: 'listener', ok: listening, detail: listening ? this.origin : 'not listening' },
      { name: 'signing-key', ok: this.keyring.loaded, detail: this.keyring.loaded ? 'loaded' : 'not read yet' },
    ];
  }

  /** Takes no new clients and asks those that are here to go, to one of `urls`. Until {@link stop}, HTTP goes on: tokens are renewed on the way. */
  async drain(urls: readonly string[], hurry: AbortSignal): Promise<void> {
    this.upgrades.stop();
    await this.setup.core.drain(urls, hurry);
  }

  /** Takes no new clients, ends the sessions in order (the core tells the actors), then cuts what did not go. */
  async stop(): Promise<void> {
    const { core, clock } = this.setup;
    this.upgrades.stop();
    this.issuer.stop();
    this.bans.stop();
    await core.stop();
    // Closing frames are on their way: whoever answers is gone by then.
    for (let waited = 0; this.upgrades.open > 0 && waited < this.options.closeTimeoutMs; waited += CLOSE_POLL_MS)
      await new Promise<void>((resolve) => clock.after(CLOSE_POLL_MS, resolve));
    this.upgrades.cut();
    await this.app.close();
  }

  private httpServer(): FastifyInstance {
    const { options } = this;
    const app = fastify({
      logger: false,
      bodyLimit: options.bodyBytesMax,
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: options.keepAliveMs,
      forceCloseConnections: true,
      http: {
        headersTimeout: options.headersTimeoutMs,
        connectionsCheckingInterval: options.timeoutCheckMs,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
    });
    app.server.maxConnections = options.connectionsMax + SPARE_CONNECTIONS;
    app.server.on('drop', () => this.counts.cut('connections'));
    app.server.on('connection', (socket: Socket) => this.admit(socket));
    app.server.on('upgrade', (request, socket, head) => void this.upgrades.handle(request, socket, head));
    return app;
  }

  private admit(socket: Socket): void {
    socket.setNoDelay(true);
    // Behind a proxy, the proxy's address is not the offender's.
    if (this.options.proxies > 0 || !this.limits.isCut(plainAddress(socket.remoteAddress ?? ''))) return;
    this.counts.cut('block_list');
    socket.destroy();
  }
}

/** A token of 8 KiB must fit. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Room for plain HTTP beside the WebSockets. */
const SPARE_CONNECTIONS = 1_000;
const CLOSE_POLL_MS = 20;
