import { type ClientError, type MusterClient, RequestFailed } from '@muster/client';
import type { LedgerEntry } from '../ledger/entries.js';
import type { Journal } from '../ledger/journal.js';
import { CHAOS } from '../options.js';

export interface PlayerSetup {
  readonly client: MusterClient;
  /** Id of the gateway that it dialled last. */
  readonly gateway: () => string;
  readonly journal: Journal<LedgerEntry>;
}

/** One client: it sends one message after the other, hears what comes, and writes down both before it does anything else with it. */
export class Player {
  readonly id: string;
  /** Ids that were acknowledged to their senders and that this player has to have, in this round. */
  readonly expected = new Set<string>();
  private readonly setup: PlayerSetup;
  private readonly heard = new Set<string>();
  private lastMarker: string | undefined;
  /** Where the present round's history begins. */
  private roundMarker: string | undefined;
  private collected: [marker: string, id: string][] = [];
  private collecting = false;
  private sent = 0;
  private views = 0;
  private state: string;
  private leaving = false;

  constructor(setup: PlayerSetup) {
    this.setup = setup;
    this.id = setup.client.self!.user.userId;
    const { client, gateway, journal } = setup;
    journal.write({ t: 'joined', at: Date.now(), player: this.id, gateway: gateway() });
    client.on('messaging/received', ({ message, marker }) => this.receive(message, marker));
    // A new connection, or a view that has to begin afresh: what came meanwhile has to be asked for.
    client.on('user/self', () => {
      this.views += 1;
      void this.subscribe();
    });
    this.state = client.state;
    client.onState(({ state, error }) => this.changed(state, error));
  }

  get hasAll(): boolean {
    for (const id of this.expected) if (!this.heard.has(id)) return false;
    return true;
  }

  beginRound(): void {
    this.expected.clear();
    this.heard.clear();
    this.roundMarker = this.lastMarker;
  }

  /**
   * Sends one message to `to` until it is acknowledged, as often as it takes, each time under an id of its own: what failed may have happened.
   * Returns the acknowledged id; undefined: it was failed for good.
   */
  async say(to: string, round: number, tried: () => void): Promise<string | undefined> {
    const { journal } = this.setup;
    const giveUpAt = performance.now() + CHAOS.giveUpMs;
    const ids: string[] = [];
    for (;;) {
      const id = `${this.id}.${++this.sent}`;
      ids.push(id);
      tried();
      journal.write({ t: 'sent', at: Date.now(), round, id, to });
      const outcome = await this.send(to, id);
      journal.write({ t: 'done', at: Date.now(), id, outcome });
      if (outcome === 'ok') return id;
      if (performance.now() > giveUpAt) {
        journal.write({ t: 'gave-up', at: Date.now(), player: this.id, ids });
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, CHAOS.tryAgainMs));
    }
  }

  /** What the server keeps since the round began; written down. Asked for until it answers, or for as long as a player would. */
  async history(round: number): Promise<void> {
    const giveUpAt = performance.now() + CHAOS.giveUpMs;
    let state = await this.askHistory();
    while (state === 'unanswered' && performance.now() < giveUpAt) state = await this.askHistory();
    const messages = state === 'unanswered' ? [] : this.collected;
    this.setup.journal.write({ t: 'history', at: Date.now(), round, by: this.id, state, messages });
  }

  private async askHistory(): Promise<'complete' | 'lacking' | 'unanswered'> {
    const collected: [marker: string, id: string][] = [];
    this.collected = collected;
    this.collecting = true;
    try {
      const since = this.roundMarker ? { type: 'marker' as const, value: this.roundMarker } : FROM_START;
      const { hasMissedMessages } = await this.setup.client.request('messaging/subscribeReceived', { since });
      const has = (): boolean => {
        const ids = new Set(collected.map(([, id]) => id));
        return [...this.expected].every((id) => ids.has(id));
      };
      const until = performance.now() + CHAOS.settleMs;
      while (!has() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, CHAOS.quietMs));
      return hasMissedMessages ? 'lacking' : 'complete';
    } catch {
      await new Promise((resolve) => setTimeout(resolve, CHAOS.tryAgainMs));
      return 'unanswered';
    } finally {
      this.collecting = false;
    }
  }

  async leave(): Promise<void> {
    this.leaving = true;
    await this.setup.client.disconnect();
  }

  private async send(to: string, message: string): Promise<string> {
    try {
      await this.setup.client.request(
        'messaging/send',
        { target: { type: 'player', userId: to }, message },
        CHAOS.tryTimeoutMs,
      );
      return 'ok';
    } catch (error) {
      if (error instanceof RequestFailed) return `refused: ${error.reason} ${error.details ?? ''}`.trim();
      return (error as ClientError).code ?? String(error);
    }
  }

  private receive(id: string, marker: string): void {
    if (this.collecting) {
      this.collected.push([marker, id]);
      this.lastMarker = marker;
      return;
    }
    this.setup.journal.write({ t: 'heard', at: Date.now(), by: this.id, id, marker, view: this.views });
    this.heard.add(id);
    this.lastMarker = marker;
  }

  private async subscribe(): Promise<void> {
    const { client, journal } = this.setup;
    const since = this.lastMarker ? { type: 'marker' as const, value: this.lastMarker } : FROM_START;
    try {
      const { hasMissedMessages } = await client.request('messaging/subscribeReceived', { since });
      if (hasMissedMessages) journal.write({ t: 'missed', at: Date.now(), by: this.id });
    } catch (error) {
      if (this.leaving || (error as ClientError).code === 'connection_lost') return;
      await new Promise((resolve) => setTimeout(resolve, CHAOS.tryAgainMs));
      if (client.state === 'open') await this.subscribe();
    }
  }

  private changed(state: string, error: ClientError | undefined): void {
    const before = this.state;
    this.state = state;
    if (this.leaving) return;
    const { gateway, journal } = this.setup;
    const left = { at: Date.now(), by: this.id, gateway: gateway() };
    // Told to move on, it dials another server without a break.
    if (before === 'open' && state === 'connecting') journal.write({ t: 'moved', ...left });
    // A failed attempt to come back ends in `waiting`, too; only the loss of an open connection says so.
    else if (error?.code === 'connection_lost' || state === 'closed')
      journal.write({ t: 'socket-lost', ...left, why: error?.message ?? state });
  }
}

const FROM_START = { type: 'from_start' as const };
