import { entityKey, type Millis } from '@muster/ports';
import type { Entry } from './entries.js';
import type { Envelope } from './envelope.js';
import type { DeliveryOrigin, Outcome } from './host.js';
import type { RuntimeOptions } from './options.js';
import { ticketOf } from './ticket.js';

export type ReplyEntry = Extract<Entry, { type: 'reply' }>;

/** K11 and K8: what is known of a command that came before; undefined: it is new. */
export function findRepeat(repeats: Repeats, envelope: Envelope, origin: DeliveryOrigin): ReturnType<Repeats['find']> {
  return repeats.find(envelope, origin);
}

/**
 * Recognizes commands that came before (K11). What changed the actor is remembered in its envelope. Replies of turns that changed
 * nothing are only kept here: run again, they come out the same until something changes, and then they are recorded together with
 * that change. So reading costs no log, and still no repeat is obeyed at a later place than its first copy.
 */
export class Repeats {
  private unrecorded: ReplyEntry[] | undefined;

  /** The first answer, `waiting` while it is deferred, `too-old` where it is not remembered but surely came before; undefined: new. */
  find(envelope: Envelope, origin: DeliveryOrigin): Outcome | 'waiting' | 'too-old' | undefined {
    if (origin.type === 'client') {
      if (this.unrecorded) this.prune(origin.session, origin.answered);
      if (envelope.deferred?.has(ticketOf(origin))) return 'waiting';
      const known = envelope.sessions?.get(origin.session)?.find(origin.request);
      if (known) return known;
      return this.unrecorded?.find(({ session, request }) => request === origin.request && session === origin.session)
        ?.outcome;
    }
    if (origin.type === 'entity') {
      const last = envelope.received?.get(entityKey(origin.from));
      if (!last || origin.number > last.number) return undefined;
      return origin.number < last.number ? 'too-old' : (last.outcome ?? 'waiting');
    }
    return undefined;
  }

  /** True where nothing is kept that a repeat could still ask for. */
  empty(now: Millis, { replyKeepMs }: RuntimeOptions): boolean {
    const newest = this.unrecorded?.at(-1);
    return newest === undefined || newest.at <= now - replyKeepMs;
  }

  keepUnrecorded(reply: ReplyEntry, { repliesMax, replyKeepMs }: RuntimeOptions): void {
    this.unrecorded ??= [];
    this.unrecorded.push(reply);
    const oldest = this.unrecorded[0]!;
    if (this.unrecorded.length > repliesMax || oldest.at < reply.at - replyKeepMs) this.unrecorded.shift();
  }

  /** Those that a change makes worth recording; they are forgotten here. */
  takeUnrecorded(now: Millis, { replyKeepMs }: RuntimeOptions): Entry[] {
    const late = this.unrecorded;
    if (late === undefined) return [];
    this.unrecorded = undefined;
    return late.filter(({ at }) => at > now - replyKeepMs);
  }

  /** From the oldest on; what lies behind another session's reply goes by age. */
  private prune(session: string, answered: number): void {
    const list = this.unrecorded!;
    let gone = 0;
    while (gone < list.length && list[gone]!.session === session && list[gone]!.request <= answered) gone += 1;
    if (gone === list.length) this.unrecorded = undefined;
    else if (gone > 0) list.splice(0, gone);
  }
}
