import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Clock, causeOf, type Log } from '@muster/ports';
import { PgliteClient } from './client.js';
import { PGLITE_SERVER_DEFAULTS, type PgliteServerOptions } from './options.js';
import { type RawDatabase, Session } from './session.js';

export interface PgliteServerSetup {
  readonly db: RawDatabase;
  readonly clock: Clock;
  readonly log?: Log | undefined;
  readonly options?: Partial<PgliteServerOptions>;
  /** The database failed beneath a client that left: nothing can be said of what it does next. */
  readonly broken?: (error: unknown) => void;
}

/**
 * A PGlite, spoken to like a Postgres on a free port of 127.0.0.1 (no encryption, no password). It has one session, which its
 * clients get one after the other, each for a request or a transaction (see ADR 6). COPY and LISTEN are not for sharing.
 */
export class PgliteServer {
  private readonly setup: PgliteServerSetup;
  private readonly options: PgliteServerOptions;
  private readonly session: Session<PgliteClient>;
  private readonly clients = new Set<PgliteClient>();
  private readonly server: Server;

  private constructor(setup: PgliteServerSetup) {
    this.setup = setup;
    this.options = { ...PGLITE_SERVER_DEFAULTS, ...setup.options };
    this.session = new Session(setup.db);
    this.server = createServer((socket) => this.accept(socket));
    this.server.maxConnections = this.options.connectionsMax;
  }

  static async start(setup: PgliteServerSetup): Promise<PgliteServer> {
    const one = new PgliteServer(setup);
    await new Promise<void>((resolve, reject) => {
      one.server.once('error', reject);
      one.server.listen(0, '127.0.0.1', resolve);
    });
    return one;
  }

  /** `127.0.0.1:<port>`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends every connection; what is under way ends first, and open transactions are rolled back. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const { clients } = this;
    for (const client of clients) client.destroy();
    await Promise.all([...clients].map(({ ended }) => ended));
    await closed;
  }

  private accept(socket: Socket): void {
    const { clock, log, broken } = this.setup;
    const client = new PgliteClient({
      socket,
      session: this.session,
      clock,
      options: this.options,
      broken: (error) => {
        log?.write('error', 'pglite.broken', { cause: causeOf(error) });
        broken?.(error);
      },
    });
    this.clients.add(client);
    void client.ended.then(() => this.clients.delete(client));
  }
}
