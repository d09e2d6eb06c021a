import type { Millis } from '@muster/ports';
import type { Device } from '../clients/device.js';
import type { Entry } from '../clients/ledger.js';
import type { Listening } from '../clients/listening.js';
import { type ChatText, readChatText } from '../gathering/chat-text.js';
import type { Stay } from '../gathering/places-view.js';

/** Whoever leaves right after a message may be no member any more when the chat gets it: then it is dropped, and counted. */
const STAYS_FOR_MS: Millis = 6_000;

interface Said extends ChatText {
  readonly text: string;
  readonly sentAt: Millis;
  readonly answeredAt: Millis;
  /** Of its author. */
  readonly stay: Stay;
}

export interface Listener {
  readonly device: Device;
  readonly listening: Listening;
}

export interface SaidSetup {
  readonly now: () => Millis;
  readonly lostAt: (entity: string) => Millis;
}

/** Every message to a chat that was acknowledged is heard by everybody who was there then, and whose client was not told that it may have missed something. */
export class SaidInPlaces {
  private readonly setup: SaidSetup;
  private readonly said: Said[] = [];
  private readonly heard = new Set<string>();
  /** Messages, times everybody who had to hear one. */
  due = 0;

  constructor(setup: SaidSetup) {
    this.setup = setup;
  }

  hears(player: string, message: string): void {
    this.heard.add(`${player} ${message}`);
  }

  acknowledged({ view }: Device['gathering'], { message, sentAt }: Entry): void {
    const text = message === undefined ? undefined : readChatText(message);
    const stay = text && view.stay(text.kind);
    if (!text || stay?.id !== text.id || stay.since >= sentAt) return;
    this.said.push({ ...text, text: message!, sentAt, answeredAt: this.setup.now(), stay });
  }

  /** What somebody had to hear and has not. `listeners`: who is steady, one for each player at the most. */
  unheard(listeners: readonly Listener[]): readonly string[] {
    const missing: string[] = [];
    this.due = 0;
    for (const { device, listening } of listeners)
      for (const said of this.said) {
        if (!this.isDue(said, device, listening)) continue;
        this.due += 1;
        if (!this.heard.has(`${device.player} ${said.text}`)) missing.push(`"${said.text}" by ${device.id}`);
      }
    return missing;
  }

  private isDue(
    { kind, id, from, sentAt, answeredAt, stay }: Said,
    device: Device,
    { continuousSince }: Listening,
  ): boolean {
    if (device.player === from || stay.until < answeredAt + STAYS_FOR_MS) return false;
    const here = device.gathering.view.stay(kind);
    if (here?.id !== id || Math.max(here.since, continuousSince) >= sentAt) return false;
    const places = [`${kind}/${id}`, `player/${from}`, `player/${device.player}`];
    return places.every((entity) => this.setup.lostAt(entity) < sentAt);
  }
}
