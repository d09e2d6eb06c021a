// What was promised, held against what was written down. Pure: the same journals give the same verdict, today or in a year.
//
// Every message carries its sender and its place among all that this sender ever sent, so each rule needs no more than the two journals:
//   answered    each try has an outcome, and nobody had to give up
//   kept        an acknowledged message is in its receiver's history and came by itself, under one marker
//   once        no message, acknowledged or not, stands under two markers
//   in order    of one sender, one receiver sees growing numbers only
//   whole       markers follow each other without a gap, and the server never says that some are missing. Where the client was told to begin its
//               view afresh, it asks for what it missed, and something newer may come before that
//   sockets     a client loses its socket only with the gateway's process, or because it was told to move on
// Owner and backup killed together may fall back to the last stored record: what that excuses is named, one by one.
import { type Attempt, type Book, grouped, type Heard, type RoundTimes } from './book.js';
import type { LostBothEntry } from './entries.js';

export interface Violation {
  readonly rule: 'answered' | 'kept' | 'once' | 'in order' | 'whole' | 'sockets' | 'cluster' | 'fault' | 'known';
  /** Of the try, or of the entry it is about. */
  readonly at: number;
  readonly what: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Acknowledged messages that are gone, as promised for owner and backup at once. */
  readonly excused: readonly string[];
}

/** What is stored is at most this much behind, plus what the two processes' clocks and queues add. */
export const STORED_WITHIN_MS = 1_000;
const SLACK_MS = 500;
/** Acknowledged by its sender's actor, a message may be on its way to the receiver's for as long as owners change. */
export const ON_ITS_WAY_MS = 10_000;
/** A socket is lost a moment before or after the launcher hears that the gateway has ended. A paused client machine hears late. */
const SOCKET_BEFORE_MS = 3_000;
const SOCKET_AFTER_MS = 15_000;
/** What a client says that was asked to come back a little later: by a close code, or by a hint. */
const SENT_AWAY = /closed with (1001|1012)\b|the server is restarting/;

export function check(book: Book): Verdict {
  const excuses = new Excuses(book);
  const violations = [
    ...answered(book),
    ...known(book),
    ...kept(book, excuses),
    ...once(book, excuses),
    ...inOrder(book, excuses),
    ...whole(book, excuses),
    ...sockets(book),
    ...book.clusterViolations.map(({ at, what }): Violation => ({ rule: 'cluster', at, what })),
    ...proved(book),
  ];
  return { violations: violations.sort((a, b) => a.at - b.at), excused: [...excuses.used] };
}

/** Who may have lost what, as owner and backup died together. */
class Excuses {
  readonly used = new Set<string>();
  private readonly deaths: readonly LostBothEntry[];
  private readonly rounds: readonly RoundTimes[];

  constructor({ lostBoth, rounds }: Book) {
    this.deaths = lostBoth;
    this.rounds = rounds;
  }

  /**
   * It need not have been stored when both died: at its sender, who had still to pass it on, or at its receiver, where it had come just before.
   * `heardAt`: when the receiver's client had it; undefined: never, so that nobody knows when its actor had it.
   */
  covers({ id, from, to, sentAt, doneAt = sentAt }: Attempt, heardAt: number | undefined): boolean {
    const hit = this.deaths.some(({ at, players }) => {
      const stored = at - STORED_WITHIN_MS - SLACK_MS;
      if (sentAt > at + SLACK_MS) return false;
      const atSender = players[from] !== undefined && doneAt >= stored;
      const hadIt = heardAt === undefined ? doneAt + ON_ITS_WAY_MS : Math.max(heardAt, doneAt);
      return atSender || (players[to] !== undefined && hadIt >= stored);
    });
    if (hit) this.used.add(id);
    return hit;
  }

  /** The player's actor has begun again from what was stored, in the round of this moment: its markers are others now, and what was heard may come again. */
  fellBack(player: string, at: number): boolean {
    return this.deathsOf(player).some(({ round }) => round === this.roundAt(at));
  }

  /** How often it had before this round. */
  livesBefore(player: string, at: number): number {
    return this.deathsOf(player).filter(({ round }) => round < this.roundAt(at)).length;
  }

  private deathsOf(player: string): readonly LostBothEntry[] {
    return this.deaths.filter(({ players }) => players[player] !== undefined);
  }

  private roundAt(at: number): number {
    return this.rounds.findLast(({ from }) => from <= at)?.round ?? 0;
  }
}

function answered({ attempts, rounds, gaveUp }: Book): Violation[] {
  const checked = new Set(rounds.filter((round) => round.checked).map(({ round }) => round));
  const open = [...attempts.values()].filter(({ outcome, round }) => outcome === undefined && checked.has(round));
  return [
    ...open.map(({ id, sentAt }): Violation => ({ rule: 'answered', at: sentAt, what: `${id} was never answered` })),
    ...gaveUp.map(
      ({ at, player, ids }): Violation => ({
        rule: 'answered',
        at,
        what: `player ${player} gave up after ${ids.length} tries: ${ids.map((id) => `${id} ${attempts.get(id)?.outcome}`).join(', ')}`,
      }),
    ),
  ];
}

/** Nobody hears what nobody said, or what was said to somebody else. */
function known({ attempts, feeds, histories }: Book): Violation[] {
  const wrong = (by: string, id: string, at: number): Violation[] => {
    const attempt = attempts.get(id);
    if (attempt?.to === by) return [];
    return [
      { rule: 'known', at, what: `player ${by} has ${id}, which ${attempt ? `was for ${attempt.to}` : 'nobody sent'}` },
    ];
  };
  return [
    ...[...feeds.values()].flat().flatMap(({ by, id, at }) => wrong(by, id, at)),
    ...histories.flatMap(({ by, at, messages }) => messages.flatMap(([, id]) => wrong(by, id, at))),
  ];
}

function kept({ attempts, feeds, histories, rounds }: Book, excuses: Excuses): Violation[] {
  const heard = new Map<string, number>();
  for (const { by, id, at } of [...feeds.values()].flat()) heard.set(`${by} ${id}`, heard.get(`${by} ${id}`) ?? at);
  const stored = new Set(
    histories.flatMap(({ by, round, messages }) => messages.map(([, id]) => `${round} ${by} ${id}`)),
  );
  const checked = new Set(rounds.filter((round) => round.checked).map(({ round }) => round));
  // Nothing follows from what could not be read; that it could not is a violation of its own.
  const unread = new Set(
    histories.filter(({ state }) => state === 'unanswered').map(({ by, round }) => `${round} ${by}`),
  );
  const violations: Violation[] = [];
  for (const attempt of attempts.values()) {
    const { id, to, round, outcome, sentAt } = attempt;
    if (outcome !== 'ok' || !checked.has(round) || unread.has(`${round} ${to}`)) continue;
    const inHistory = stored.has(`${round} ${to} ${id}`);
    const heardAt = heard.get(`${to} ${id}`);
    const inFeed = heardAt !== undefined;
    if ((inHistory && inFeed) || excuses.covers(attempt, heardAt)) continue;
    const where = inFeed ? 'from the history' : inHistory ? 'from the feed' : 'altogether';
    violations.push({
      rule: 'kept',
      at: sentAt,
      what: `${id} was acknowledged, and is missing ${where} of player ${to}`,
    });
  }
  return violations;
}

function once({ feeds, histories }: Book, excuses: Excuses): Violation[] {
  const views = new Map<string, Omit<Heard, 'view'>[]>();
  const add = (by: string, special: string, seen: Omit<Heard, 'view'>): void => {
    const view = `${by} ${excuses.livesBefore(by, seen.at)} ${special}`;
    const list = views.get(view);
    if (list) list.push(seen);
    else views.set(view, [seen]);
  };
  // Sent again to an actor that had forgotten it, a message stands where there is room now; in the round's history it stands once all the same.
  for (const seen of [...feeds.values()].flat()) if (!excuses.fellBack(seen.by, seen.at)) add(seen.by, '', seen);
  for (const { by, at, round, messages } of histories) {
    const special = excuses.fellBack(by, at) ? `history ${round}` : '';
    for (const [marker, id] of messages) add(by, special, { by, id, marker, at });
  }
  return [...views.values()].flatMap(twice);
}

/** Of one view of one player: what stands there under two markers. */
function twice(view: readonly Omit<Heard, 'view'>[]): Violation[] {
  const places = new Map<string, string>();
  return view.flatMap(({ by, id, marker, at }): Violation[] => {
    const before = places.get(id);
    places.set(id, marker);
    if (before === undefined || before === marker) return [];
    return [{ rule: 'once', at, what: `player ${by} has ${id} at ${before} and ${marker}` }];
  });
}

function inOrder({ attempts, feeds, histories }: Book, excuses: Excuses): Violation[] {
  const lists = [
    ...[...feeds].map(([by, feed]) => ({ by, where: 'feed', list: byMarker(withoutRepeats(feed)).map(inLife) })),
    ...histories.map(({ by, at, round, messages }) => ({
      by,
      where: `history after round ${round}`,
      list: messages.map(([, id]) => ({ id, at, life: '' })),
    })),
  ];
  return lists.flatMap(({ by, where, list }) => {
    const bySender = grouped(list, ({ id }) => attempts.get(id)?.from ?? '');
    bySender.delete('');
    return [...bySender.values()].flatMap((messages) =>
      messages.flatMap(({ id, at, life }, index): Violation[] => {
        const before = messages[index - 1];
        if (!before || attempts.get(before.id)!.n < attempts.get(id)!.n) return [];
        // Nobody knows what its client had before it fell back: it is given all that is kept, under new markers.
        if (before.life !== life && excuses.fellBack(by, at)) return [];
        // The same message twice is the business of another rule.
        if (before.id === id) return [];
        return [{ rule: 'in order', at, what: `player ${by} has ${id} after ${before.id} in the ${where}` }];
      }),
    );
  });
}

/** What comes again under the same marker was asked for again. */
function withoutRepeats(feed: readonly Heard[]): Heard[] {
  const seen = new Set<string>();
  return feed.filter(({ marker, id }) => {
    const key = `${marker} ${id}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function whole({ feeds, histories, missed }: Book, excuses: Excuses): Violation[] {
  const gaps = [...feeds].flatMap(([by, feed]) => gapsOf(by, feed).filter(({ at }) => !excuses.fellBack(by, at)));
  const lacking = histories.filter(({ by, at, state }) => state === 'lacking' && !excuses.fellBack(by, at));
  const unanswered = histories.filter(({ state }) => state === 'unanswered');
  return [
    ...gaps,
    ...unanswered.map(
      ({ by, at, round }): Violation => ({
        rule: 'answered',
        at,
        what: `player ${by} was not told what there is of it after round ${round}`,
      }),
    ),
    ...lacking.map(
      ({ by, at, round }): Violation => ({
        rule: 'whole',
        at,
        what: `the history of player ${by} after round ${round} lacks messages`,
      }),
    ),
    ...missed
      .filter(({ by, at }) => !excuses.fellBack(by, at))
      .map(({ by, at }): Violation => ({ rule: 'whole', at, what: `player ${by} was told that messages are missing` })),
  ];
}

function gapsOf(by: string, feed: readonly Heard[]): Violation[] {
  const violations: Violation[] = [];
  const late = new Set<number>();
  let newest: Heard | undefined;
  for (const heard of withoutRepeats(feed)) {
    const [before, now] = [newest && placeOf(newest), placeOf(heard)];
    const isLate = before?.prefix === now.prefix && late.delete(now.n);
    if (isLate) continue;
    const skips = before?.prefix === now.prefix && now.n > before.n ? now.n - before.n - 1 : Number.POSITIVE_INFINITY;
    const wasToldToAsk = newest !== undefined && heard.view > newest.view && skips !== Number.POSITIVE_INFINITY;
    if (before && skips > 0 && !wasToldToAsk)
      violations.push({
        rule: 'whole',
        at: heard.at,
        what: `player ${by} heard ${heard.marker} after ${newest!.marker}`,
      });
    if (before && wasToldToAsk) for (let n = before.n + 1; n < now.n; n += 1) late.add(n);
    newest = heard;
  }
  return violations;
}

function byMarker(feed: readonly Heard[]): Heard[] {
  // Another prefix is another session: it stays behind the one before it.
  const lives = [...grouped(feed, (heard) => placeOf(heard).prefix).values()];
  return lives.flatMap((life) => life.sort((a, b) => placeOf(a).n - placeOf(b).n));
}

function inLife(heard: Heard): { readonly id: string; readonly at: number; readonly life: string } {
  return { id: heard.id, at: heard.at, life: placeOf(heard).prefix };
}

/** Markers of one session are `<prefix>.<n>`, n growing by one. */
function placeOf({ marker }: Heard): { readonly prefix: string; readonly n: number } {
  const dot = marker.lastIndexOf('.');
  return { prefix: marker.slice(0, dot), n: Number(marker.slice(dot + 1)) };
}

function sockets({ sockets, ended }: Book): Violation[] {
  const hasReason = (gateway: string, at: number, why: string): boolean =>
    SENT_AWAY.test(why) ||
    ended.some((end) => end.id === gateway && at >= end.at - SOCKET_BEFORE_MS && at <= end.at + SOCKET_AFTER_MS);
  return sockets
    .filter(({ gateway, at, why }) => !hasReason(gateway, at, why))
    .map(
      ({ at, by, gateway, why }): Violation => ({
        rule: 'sockets',
        at,
        what: `player ${by} lost its socket to ${gateway}: ${why}`,
      }),
    );
}

/** A round without a fault that is known to have happened has shown nothing. */
function proved({ faults, rounds }: Book): Violation[] {
  const unproved = faults.filter(({ proofs }) => proofs.length === 0);
  const idle = rounds.filter(({ round, checked }) => checked && !faults.some((fault) => fault.round === round));
  return [
    ...unproved.map(
      ({ at, kind, what }): Violation => ({ rule: 'fault', at, what: `nothing shows that ${kind} happened: ${what}` }),
    ),
    ...idle.map(({ round, from }): Violation => ({ rule: 'fault', at: from, what: `round ${round} had no fault` })),
  ];
}
