import { type Heard, readMarker } from '@muster/play';
import type { Millis } from '@muster/ports';
import type { Received } from '../clients/listening.js';
import { readChatText } from './chat-text.js';
import type { PlacesView } from './places-view.js';

export interface TalkSetup {
  readonly player: string;
  readonly view: PlacesView;
  readonly now: () => Millis;
  readonly lostAt: (entity: string) => Millis;
  readonly heard: (message: string) => void;
}

/** So long after a loss what was said may be said again, or where somebody was before: with the state, the memory of it was lost. */
const REPEATS_FOR_MS: Millis = 20_000;

/** What one device hears in the chats of its places: of each sender in the order in which it was said, once, and nothing from anywhere else. */
export class Talk {
  private readonly setup: TalkSetup;
  /** By place and sender. */
  private readonly last = new Map<string, number>();
  count = 0;

  constructor(setup: TalkSetup) {
    this.setup = setup;
  }

  /** It was told that something may be missing: then all that is kept comes again. */
  missed(): void {
    this.last.clear();
  }

  /** @returns what is wrong with it, if anything. */
  received({ message, source, marker }: Received): string | undefined {
    const said = readChatText(message);
    this.count += 1;
    if (!said) return `${message} came from a ${source.type}`;
    const { kind, id, from, number } = said;
    const place = kind === 'lobby' ? source.lobbyId : source.partyId;
    // The actor of who said it had lost where that is; the client had not heard so yet.
    if (source.type === kind && source.userId === from && place !== id && this.wasLost(`player/${from}`))
      return undefined;
    if (source.type !== kind || place !== id || source.userId !== from)
      return `"${message}" came from ${source.userId} in ${source.type} ${place}`;
    if (from === this.setup.player) return `it heard its own "${message}"`;
    const heard: Heard | undefined = readMarker(marker);
    if (!heard?.chats[kind]) return `"${message}" has the marker ${marker}`;
    const stay = this.setup.view.stay(kind);
    if (stay?.id !== id && !this.setup.view.unsure.has(kind)) return `"${message}" in ${stay?.id ?? `no ${kind}`}`;
    this.setup.heard(message);
    const key = `${kind}/${id} ${from}`;
    const before = this.last.get(key) ?? 0;
    this.last.set(key, Math.max(before, number));
    if (number > before || this.mayRepeat(`${kind}/${id}`, from)) return undefined;
    return `"${message}" after number ${before} of the same sender`;
  }

  private mayRepeat(place: string, from: string): boolean {
    return [place, `player/${from}`, `player/${this.setup.player}`].some((entity) => this.wasLost(entity));
  }

  private wasLost(entity: string): boolean {
    const { now, lostAt } = this.setup;
    return now() - lostAt(entity) < REPEATS_FOR_MS;
  }
}
