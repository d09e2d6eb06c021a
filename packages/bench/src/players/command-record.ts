import type { Observed } from './observed.js';

interface Pending {
  readonly client: number;
  readonly sentAt: number;
  answeredAt: number | undefined;
  failure: string;
}

/** What was sent and what came of it, in the order of sending. */
export class CommandRecord {
  private commands: Pending[] = [];
  private open = 0;

  /** @returns to be called once, with the reason of a failure or with nothing. */
  sent(client: number, sentAt: number): (answeredAt: number, failure?: string) => void {
    const pending: Pending = { client, sentAt, answeredAt: undefined, failure: '' };
    this.commands.push(pending);
    this.open += 1;
    return (answeredAt, failure = '') => {
      pending.answeredAt = answeredAt;
      pending.failure = failure;
      this.open -= 1;
    };
  }

  /** Not answered yet. */
  get unanswered(): number {
    return this.open;
  }

  /** Those sent at this instant or later. */
  since(at: number): readonly Observed[] {
    let first = this.commands.length;
    while (first > 0 && this.commands[first - 1]!.sentAt >= at) first -= 1;
    return this.commands.slice(first);
  }

  /** Everything since the last time, once nothing more is to come. */
  take(): readonly Observed[] {
    const { commands } = this;
    this.commands = [];
    this.open = 0;
    return commands;
  }
}
