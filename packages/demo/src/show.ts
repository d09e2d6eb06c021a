import { type Clock, type Random, SeededRandom } from '@muster/ports';
import type { Demo, DemoSetup } from '@muster/server';
import type { PrivateBattle } from '@muster/tachyon';
import { battleStory, play, sidesOf } from './battle-story.js';
import { between } from './chance.js';
import { DemoPlayer } from './demo-player.js';
import { FakeAutohost } from './fake-autohost.js';
import type { EngineScript, FakeEngine } from './fake-engine.js';
import { type DemoOptions, demoOptions } from './options.js';
import { NAMES, THEMES } from './phrases.js';
import { battleSentenceOf, sentenceOf } from './sentences.js';

/** Longest name, so that the lines stand below each other. */
const NAME_WIDTH = Math.max(...NAMES.map(({ length }) => length));

/** An autohost whose engines pretend, and a dozen players that gather, talk, vote and fight on it, all over real connections. */
export class Show implements Demo {
  private readonly setup: DemoSetup;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly options: DemoOptions;
  private readonly autohost: FakeAutohost;
  private readonly players: readonly DemoPlayer[];
  /** Battles that are being played: ends each. */
  private readonly stories = new Map<FakeEngine, () => void>();

  private constructor(setup: DemoSetup) {
    const { clock, gateway: url, bot, engineVersion } = setup;
    const random = new SeededRandom(setup.seed);
    this.setup = setup;
    this.clock = clock;
    this.random = random;
    this.options = demoOptions(setup.speed);
    this.autohost = new FakeAutohost({
      clock,
      url: () => url,
      clientId: bot.clientId,
      secret: bot.secret,
      engines: [engineVersion],
      started: (engine) => this.began(engine),
    });
    this.players = NAMES.map((name, n) => this.player(name, n, random.fork()));
  }

  /** @throws MusterError BAD_CONFIG; ClientError, Error where somebody cannot connect */
  static async start(setup: DemoSetup): Promise<Show> {
    const show = new Show(setup);
    try {
      await show.autohost.start();
      await Promise.all(show.players.map((player) => player.start()));
      // All at once, when all are there: whoever looks reads what this is before what happens in it.
      for (const player of show.players) player.live();
    } catch (error) {
      await show.stop();
      throw error;
    }
    return show;
  }

  get hints(): string {
    return [
      `The demo: ${NAMES.length} players that are programs gather in lobbies and fight on a pretended autohost. Below is what they do.`,
      'Look at it from another terminal, or go in yourself:',
      `  node docs/watch-lobbies.mjs${this.at}`,
      '    the list of lobbies, as clients see it',
      `  node docs/watch-lobbies.mjs${this.at} "${THEMES[1]!.name}"`,
      '    inside a lobby: who sits where, talk, votes, battles',
    ].join('\n');
  }

  /** Everybody leaves in order. Never fails. */
  async stop(): Promise<void> {
    await Promise.all(this.players.map((player) => player.stop()));
    for (const end of this.stories.values()) end();
    await this.autohost.goAway();
  }

  private get at(): string {
    const { gateway } = this.setup;
    return gateway === 'http://127.0.0.1:8400' ? '' : ` --url ${gateway}`;
  }

  private player(name: string, n: number, random: Random): DemoPlayer {
    const { clock, options } = this;
    return new DemoPlayer({
      url: this.setup.gateway,
      name,
      theme: THEMES[n],
      clock,
      random,
      options,
      fight: (userId, battle) => this.fight(userId, battle),
      did: (player, wish, lobby) => this.tell(player.name, sentenceOf(wish, lobby)),
      failed: (player, { message }: Error) => this.tell(player.name, `did not get what it wanted: ${message}`),
      gone: (player, { message }: Error) => this.tell(player.name, `is out of the demo: ${message}`),
    });
  }

  private fight(userId: string, { port, password }: PrivateBattle): void {
    const engine = this.autohost.engineAt(port);
    if (engine?.lets(userId, password) && !engine.present.has(userId)) engine.join(userId, password);
  }

  private began(engine: FakeEngine): void {
    const { clock, random, options } = this;
    const names = namesOf(engine.script);
    const nameOf = (userId: string): string => names.get(userId) ?? `user ${userId}`;
    const beats = battleStory(
      sidesOf(engine.script),
      between(random, options.battleMinMs, options.battleMaxMs),
      random,
    );
    const end = play(engine, beats, {
      clock,
      told: (beat) => {
        if (beat.what === 'quit') this.stories.delete(engine);
        this.tell(`:${engine.port}`, battleSentenceOf(beat, nameOf));
      },
    });
    this.stories.set(engine, end);
  }

  private tell(who: string, sentence: string | undefined): void {
    if (sentence === undefined) return;
    const time = new Date(this.clock.now()).toTimeString().slice(0, 8);
    this.setup.say(`${time}  ${who.padEnd(NAME_WIDTH)}  ${sentence}`);
  }
}

function namesOf({ allyTeams, spectators = [] }: EngineScript): ReadonlyMap<string, string> {
  const players = allyTeams.flatMap(({ teams }) => teams).flatMap((team) => team.players ?? []);
  return new Map([...players, ...spectators].map(({ userId, name }) => [userId, name ?? userId]));
}
