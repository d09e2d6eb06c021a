import type { PGlite } from '@electric-sql/pglite';
import { ABANDON, type SessionStatus, statusAfter } from './frames.js';

/** What it needs of a PGlite. */
export type RawDatabase = Pick<PGlite, 'execProtocolRaw'>;

/**
 * The one session that a PGlite has, and whose it is: a client has it from its first message to the end of its transaction, and the
 * others wait in the order in which they came. Who leaves in between leaves nothing behind: its transaction is rolled back.
 */
export class Session<Client> {
  private readonly db: RawDatabase;
  private holder: Client | undefined;
  /** Bounded by the number of clients. */
  private readonly waiting: { readonly client: Client; readonly begin: (had: boolean) => void }[] = [];

  constructor(db: RawDatabase) {
    this.db = db;
  }

  isHeldBy(client: Client): boolean {
    return this.holder === client;
  }

  /** True once it is the client's; false where it left while it waited. */
  take(client: Client): Promise<boolean> {
    if (this.holder === client) return Promise.resolve(true);
    if (this.holder === undefined) {
      this.holder = client;
      return Promise.resolve(true);
    }
    return new Promise((begin) => this.waiting.push({ client, begin }));
  }

  /** For the holder: what the database answers, and what that makes of the session. It is the next one's where no transaction is open. */
  async ask(bytes: Uint8Array): Promise<{ readonly answer: Uint8Array; readonly status: SessionStatus | undefined }> {
    const answer = await this.db.execProtocolRaw(bytes);
    const status = statusAfter(answer);
    if (status === 'I') this.pass();
    return { answer, status };
  }

  /** The client is gone, and nothing of its is under way. @throws what the database throws: it cannot be used any more */
  async leave(client: Client): Promise<void> {
    const at = this.waiting.findIndex((one) => one.client === client);
    if (at >= 0) this.waiting.splice(at, 1)[0]!.begin(false);
    if (this.holder !== client) return;
    for (const bytes of ABANDON) await this.db.execProtocolRaw(bytes);
    this.pass();
  }

  private pass(): void {
    const next = this.waiting.shift();
    // Handed over, not let go: nobody may slip in between.
    this.holder = next?.client;
    next?.begin(true);
  }
}
