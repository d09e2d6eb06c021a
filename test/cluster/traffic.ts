import { MusterClient, playerSignIn } from '@muster/client';
import { pause } from './until.js';

/** Between two commands of one client, unless a test says otherwise. */
const PACE_MS = 20;

/** Signs `name` in at a gateway. A new account is made at the first sign-in. */
export async function signIn(url: string, name: string): Promise<MusterClient> {
  const client = new MusterClient({ url, signIn: playerSignIn({ loginHint: name }) });
  await client.connect();
  return client;
}

export interface TrafficReport {
  /** Commands that were answered with success. */
  readonly answered: number;
  /** Everything else, with what went wrong. */
  readonly failures: readonly string[];
  /** Times a client lost its socket. */
  readonly disconnects: number;
  /** Times a client went to another gateway because its own asked it to. */
  readonly moves: number;
  /** Longest time between a command and its answer. */
  readonly slowestMs: number;
}

/**
 * A steady stream of commands from many players, each waiting for its answer before the next: player commands to the own actor, and to another's.
 * Every answer is checked; nothing is retried here, so that what fails is what a game client would see fail.
 */
export class Traffic {
  private readonly clients: MusterClient[] = [];
  private readonly loops: Promise<void>[] = [];
  private readonly failures: string[] = [];
  private answered = 0;
  private disconnects = 0;
  private moves = 0;
  private slowestMs = 0;
  private running = true;
  private readonly paceMs: number;

  private constructor(paceMs: number) {
    this.paceMs = paceMs;
  }

  static async start(gateways: readonly string[], players: number, paceMs = PACE_MS): Promise<Traffic> {
    const traffic = new Traffic(paceMs);
    const names = Array.from({ length: players }, (_, n) => `traffic${n}`);
    traffic.clients.push(...(await Promise.all(names.map((name, n) => signIn(gateways[n % gateways.length]!, name)))));
    for (const client of traffic.clients) {
      let before = client.state;
      client.onState(({ state }) => {
        // One that is told to move on connects elsewhere at once; one that lost its socket waits first.
        if (traffic.running && state === 'connecting' && before === 'open') traffic.moves += 1;
        else if (traffic.running && before === 'open') traffic.disconnects += 1;
        before = state;
      });
      traffic.loops.push(traffic.talk(client));
    }
    return traffic;
  }

  /** So far. */
  get report(): TrafficReport {
    const { answered, failures, disconnects, moves, slowestMs } = this;
    return { answered, failures: [...failures], disconnects, moves, slowestMs };
  }

  /** User ids of the players. */
  get userIds(): string[] {
    return this.clients.map((client) => client.self!.user.userId);
  }

  async stop(): Promise<TrafficReport> {
    this.running = false;
    await Promise.all(this.loops);
    const { report } = this;
    await Promise.all(this.clients.map((client) => client.disconnect()));
    return report;
  }

  private async talk(client: MusterClient): Promise<void> {
    const self = client.self!.user;
    for (let n = 0; this.running; n += 1) {
      const other = this.clients[(this.clients.indexOf(client) + 1 + n) % this.clients.length]!.self!.user;
      const asked = n % 2 === 0 ? self : other;
      const from = performance.now();
      try {
        const { userId } = await client.request('user/info', { userId: asked.userId });
        if (userId === asked.userId) this.answered += 1;
        else this.failures.push(`${self.userId} asked for ${asked.userId} and was told of ${userId}`);
      } catch (error) {
        this.failures.push(`${self.userId} asked for ${asked.userId}: ${(error as Error).message}`);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - from);
      await pause(this.paceMs);
    }
  }
}
