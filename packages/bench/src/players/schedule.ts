/**
 * Who has to send how often: `clients` take turns, each `perSecond` times, evenly spread. Nobody waits for answers (an open loop): a server
 * that stands still is not spared the commands that come meanwhile.
 */
export class Schedule {
  private readonly clients: number;
  private readonly everyMs: number;
  private readonly startedAt: number;
  private sent = 0;

  constructor(clients: number, perSecond: number, startedAt: number) {
    this.clients = clients;
    this.everyMs = 1_000 / (clients * perSecond);
    this.startedAt = startedAt;
  }

  /** Next one to send and when that is, or was, due. */
  get next(): { readonly client: number; readonly dueAt: number } {
    return { client: this.sent % this.clients, dueAt: this.startedAt + this.sent * this.everyMs };
  }

  /** It was sent. */
  done(): void {
    this.sent += 1;
  }
}
