import { missedAfter } from '@muster/play';
import type { ReceivedMessage } from '@muster/tachyon';

/**
 * K16: which messages this client has been given. Where its player's state comes instead of the events after the last one, what it has not
 * been given yet is given to it before anything newer, without its help.
 */
export class HeardMessages {
  /** Data of the last one; read only when it is needed. */
  private last: string | undefined;

  passed(json: string): void {
    this.last = json;
  }

  /** `kept`: all that the player still has of what this client may hear, oldest first. They count as passed. */
  missed(kept: readonly ReceivedMessage[]): readonly string[] {
    const marker = this.last === undefined ? undefined : (JSON.parse(this.last) as ReceivedMessage).marker;
    const missed = missedAfter(kept, marker).map((message) => JSON.stringify(message));
    this.last = missed.at(-1) ?? this.last;
    return missed;
  }
}
