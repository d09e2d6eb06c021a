import { quantile } from '../rounds.js';

export interface Delivered {
  /** Deliveries that were due: each message to everybody but its author. */
  readonly asked: number;
  /** Those that came, once and behind all that the same author had said before. */
  readonly completed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Which message came where, and how long it took. Messages are numbered from 0; `members` take turns in speaking. */
export class Deliveries {
  private readonly members: number;
  private readonly sentAt: number[] = [];
  private readonly latencies: number[] = [];
  /** By receiver and author: the newest message. */
  private readonly newest: Int32Array;
  private wrong = 0;

  constructor(members: number) {
    this.members = members;
    this.newest = new Int32Array(members * members).fill(-1);
  }

  get count(): number {
    return this.latencies.length;
  }

  get due(): number {
    return this.sentAt.length * (this.members - 1);
  }

  /** @returns its number */
  sent(now: number): number {
    return this.sentAt.push(now) - 1;
  }

  received(receiver: number, message: number, now: number): void {
    const author = message % this.members;
    const at = receiver * this.members + author;
    if (!(message < this.sentAt.length) || author === receiver || message <= this.newest[at]!) {
      this.wrong += 1;
      return;
    }
    this.newest[at] = message;
    this.latencies.push(now - this.sentAt[message]!);
  }

  sum(): Delivered {
    return {
      asked: this.due,
      completed: this.count - this.wrong,
      p50Ms: quantile(this.latencies, 0.5),
      p99Ms: quantile(this.latencies, 0.99),
      maxMs: this.latencies.reduce((most, each) => Math.max(most, each), 0),
    };
  }
}
