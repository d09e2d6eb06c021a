import { causeOf, type Log } from '@muster/ports';

/** What was started and has to be ended again: the last first. One that fails is logged and keeps nobody else from ending. */
export class Ends {
  private readonly ends: (() => Promise<void>)[] = [];
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  add(end: () => Promise<void>): void {
    this.ends.push(end);
  }

  async stop(): Promise<void> {
    for (const end of this.ends.splice(0).reverse())
      await end().catch((error) => this.log.write('warn', 'stop.failed', { cause: causeOf(error) }));
  }
}
