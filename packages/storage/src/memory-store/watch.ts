import type { StoreWatch, WatchEvent, WatchHandler } from '@muster/ports';
import type { MemoryStorePath } from './path.js';
import type { MemoryStoreServer } from './server.js';

/**
 * A watch pulls: being told of a change only makes it look, later, at everything after what it delivered last.
 * So a delivery lost with its connection is made up for, in order, when the way is open again.
 */
export class MemoryWatch implements StoreWatch {
  private readonly server: MemoryStoreServer;
  private readonly path: MemoryStorePath;
  private readonly prefix: string;
  private readonly handler: WatchHandler;
  private readonly endings: readonly (() => void)[];
  private delivered: number;
  private pulling = false;
  private closed = false;

  constructor(given: {
    readonly server: MemoryStoreServer;
    readonly path: MemoryStorePath;
    readonly prefix: string;
    readonly revision: number;
    readonly handler: WatchHandler;
  }) {
    this.server = given.server;
    this.path = given.path;
    this.prefix = given.prefix;
    this.delivered = given.revision;
    this.handler = given.handler;
    this.endings = [this.server.subscribe(() => this.pull()), this.path.listen({ open: (broke) => this.goOn(broke) })];
    this.pull();
  }

  close(): void {
    this.closed = true;
    for (const end of this.endings) end();
  }

  private goOn(broke: boolean): void {
    // What was on its way when the connection ended will not come.
    this.pulling = false;
    this.path.towardsClient(() => {
      if (this.closed) return;
      // A store that lost its contents counts from the beginning again: waiting for the old revision would be for ever.
      this.delivered = Math.min(this.delivered, this.server.revision);
      if (broke) this.handler.gap('disconnected');
      this.pull();
    });
  }

  private pull(): void {
    if (this.closed || this.pulling || !this.path.isOpen) return;
    this.pulling = true;
    this.path.towardsClient(() => {
      this.pulling = false;
      if (!this.closed) this.deliver();
    });
  }

  private deliver(): void {
    const history = this.server.since(this.delivered + 1);
    if (history.type === 'compacted') {
      this.delivered = history.revision;
      this.handler.gap('compacted');
      this.pull();
      return;
    }
    const last = history.revisions.at(-1)?.revision ?? this.delivered;
    const events = history.revisions.flatMap((revision) => revision.events.filter((event) => this.concerns(event)));
    if (last > this.delivered) this.delivered = last;
    if (events.length > 0 && !this.path.dropsDelivery()) this.handler.events(events, revisionOf(events.at(-1)!));
  }

  private concerns(event: WatchEvent): boolean {
    return (event.type === 'put' ? event.entry.key : event.key).startsWith(this.prefix);
  }
}

function revisionOf(event: WatchEvent): number {
  return event.type === 'put' ? event.entry.modRevision : event.modRevision;
}
