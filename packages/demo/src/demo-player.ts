import { MusterClient, playerSignIn } from '@muster/client';
import type { Clock, Millis, Random, Timer } from '@muster/ports';
import type { PrivateBattle } from '@muster/tachyon';
import { between } from './chance.js';
import { openingOf, type Wish, wish } from './mind.js';
import type { DemoOptions } from './options.js';
import type { Theme } from './phrases.js';
import { Sight } from './sight.js';

export interface DemoPlayerSetup {
  readonly url: string;
  readonly name: string;
  /** Hosts have one. */
  readonly theme: Theme | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: DemoOptions;
  /** Its engine is told where to go. */
  readonly fight: (userId: string, battle: PrivateBattle) => void;
  /** It did this; `lobby`: the name of the lobby that it was in. */
  readonly did: (player: DemoPlayer, wish: Wish, lobby: string) => void;
  /** The server said no, or did not answer. */
  readonly failed: (player: DemoPlayer, error: Error) => void;
  /** It was signed out for good: somebody else signed in under this name. */
  readonly gone: (player: DemoPlayer, error: Error) => void;
}

/** A player that is a program: signs in like any client, and now and then does what it wishes to. */
export class DemoPlayer {
  readonly name: string;
  private readonly setup: DemoPlayerSetup;
  private readonly client: MusterClient;
  private readonly sight: Sight;
  private timer: Timer | undefined;
  private loading: Timer | undefined;
  private ended = false;
  private fightsIn: string | undefined;
  private hasGreeted = false;
  private restUntil: Millis = 0;
  private calmUntil: Millis = 0;

  constructor(setup: DemoPlayerSetup) {
    const { url, name, clock, options } = setup;
    this.setup = setup;
    this.name = name;
    this.client = new MusterClient({ url, signIn: playerSignIn({ loginHint: name }) });
    this.sight = new Sight(this.client);
    this.client.onRequest('battle/start', (data) => this.toldToFight(data as PrivateBattle));
    this.client.on('battle/ended', () => {
      this.fightsIn = undefined;
      this.calmUntil = clock.monotonic() + options.calmMs;
    });
    this.client.on('lobby/left', () => this.rest());
    this.client.onState(({ state, error }) => {
      if (state !== 'closed' || this.ended) return;
      this.stopThinking();
      setup.gone(this, error!);
    });
  }

  get userId(): string {
    return this.client.self!.user.userId;
  }

  /** Signs in. What an earlier demo that was killed left it in, it leaves. @throws ClientError */
  async start(): Promise<void> {
    const { options } = this.setup;
    await this.client.connect(options.connectMs);
    await this.sight.restore();
    if (this.sight.lobby) await this.client.request('lobby/leave');
    this.sight.left();
    // From now on after every connect.
    this.client.on('user/self', () => {
      this.sight.restore().catch((error: Error) => this.setup.failed(this, error));
    });
  }

  /** From now on it does what it wishes to. */
  live(): void {
    this.thinkLater(0);
  }

  /** Signs out. Never fails. */
  async stop(): Promise<void> {
    this.stopThinking();
    await this.client.disconnect('the demo is over');
  }

  private stopThinking(): void {
    this.ended = true;
    this.timer?.cancel();
    this.loading?.cancel();
  }

  private thinkLater(atLeastMs: Millis): void {
    if (this.ended) return;
    const { clock, random, options } = this.setup;
    this.timer = clock.after(between(random, atLeastMs, options.thinkMaxMs), () => {
      void this.think().then(() => this.thinkLater(options.thinkMinMs));
    });
  }

  /** Never rejects. */
  private async think(): Promise<void> {
    const { theme, clock, random, did, failed } = this.setup;
    const { lobby, lobbies } = this.sight;
    const { userId, restUntil, calmUntil, hasGreeted } = this;
    const fights = lobby?.currentBattle !== undefined && this.fightsIn === lobby.id;
    const now = clock.monotonic();
    const wanted = wish({ userId, theme, now, restUntil, calmUntil, lobby, fights, lobbies, hasGreeted }, random);
    if (!wanted) return;
    try {
      await this.perform(wanted);
      did(this, wanted, lobby?.name ?? '');
    } catch (error) {
      if (!this.ended) failed(this, error as Error);
    }
  }

  private async perform(wanted: Wish): Promise<void> {
    const { client } = this;
    switch (wanted.what) {
      case 'open':
        return this.entered(await client.request('lobby/create', openingOf(wanted.theme)));
      case 'enter':
        return this.entered(await client.request('lobby/join', { id: wanted.id }));
      case 'sit':
        return void (await client.request('lobby/joinAllyTeam', { allyTeam: wanted.allyTeam }));
      case 'wait':
        return void (await client.request('lobby/joinQueue'));
      case 'ready':
        return void (await client.request('lobby/updateClientStatus', { isReady: true, assetStatus: 'complete' }));
      case 'start':
        return void (await client.request('lobby/startBattle'));
      case 'watch':
        return void (await client.request('lobby/joinBattle'));
      case 'map':
        return void (await client.request('lobby/update', { mapName: wanted.mapName }));
      case 'vote':
        return void (await client.request('lobby/voteSubmit', { id: wanted.id, vote: wanted.vote }));
      case 'say':
        await client.request('messaging/send', { target: { type: 'lobby' }, message: wanted.message });
        this.hasGreeted = true;
        return;
      case 'leave':
        await client.request('lobby/leave');
        return this.rest();
    }
  }

  private entered(details: Parameters<Sight['entered']>[0]): void {
    this.sight.entered(details);
    this.hasGreeted = false;
    this.calmUntil = 0;
  }

  private rest(): void {
    const { clock, random, options } = this.setup;
    this.sight.left();
    this.restUntil = clock.monotonic() + between(random, options.restMinMs, options.restMaxMs);
  }

  private toldToFight(battle: PrivateBattle): void {
    const { clock, random, options, fight } = this.setup;
    this.fightsIn = this.sight.lobby?.id;
    this.loading = clock.after(random.next() * options.loadMaxMs, () => fight(this.userId, battle));
  }
}
