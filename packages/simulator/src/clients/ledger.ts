import type { Millis } from '@muster/ports';

/** One request of one client, and what became of it. */
export interface Entry {
  readonly device: string;
  readonly player: string;
  /** Which of the device's connections. */
  readonly socket: number;
  readonly gateway: string;
  readonly messageId: string;
  readonly commandId: string;
  readonly sentAt: Millis;
  /** Text of a message that was sent. */
  readonly message: string | undefined;
  answeredAt?: Millis;
  /** Empty: success. */
  reason?: string;
  details?: string;
  /** Its connection ended before an answer came. */
  lostAt?: Millis;
}

/** Everything that clients asked, and what they were answered. Kept in full only for what failed or waits. */
export class Ledger {
  private readonly open = new Map<string, Entry>();
  /** Requests answered with a failure, oldest first. */
  readonly failures: Entry[] = [];
  readonly counts = { sent: 0, succeeded: 0, failed: 0, lost: 0 };
  /** Longest that a request which succeeded took. */
  slowestMs: Millis = 0;

  sent(entry: Entry): void {
    this.counts.sent += 1;
    this.open.set(keyOf(entry.device, entry.messageId), entry);
  }

  /** The request that this answers; undefined: none, or it was answered before. */
  answered(device: string, messageId: string, now: Millis, reason: string, details: string): Entry | undefined {
    const entry = this.take(device, messageId);
    if (!entry) return undefined;
    entry.answeredAt = now;
    entry.reason = reason;
    if (reason === '') {
      this.counts.succeeded += 1;
      this.slowestMs = Math.max(this.slowestMs, now - entry.sentAt);
    } else {
      entry.details = details;
      this.counts.failed += 1;
      this.failures.push(entry);
    }
    return entry;
  }

  /** The connection is over: what it has not answered it never will. */
  lost(device: string, now: Millis): void {
    for (const entry of this.waiting()) {
      if (entry.device !== device) continue;
      this.take(device, entry.messageId);
      entry.lostAt = now;
      this.counts.lost += 1;
    }
  }

  waiting(): readonly Entry[] {
    return [...this.open.values()];
  }

  private take(device: string, messageId: string): Entry | undefined {
    const key = keyOf(device, messageId);
    const entry = this.open.get(key);
    this.open.delete(key);
    return entry;
  }
}

function keyOf(device: string, messageId: string): string {
  return `${device} ${messageId}`;
}
