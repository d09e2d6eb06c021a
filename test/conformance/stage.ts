import { botSignIn, Http, playerSignIn } from '@muster/client';
import { pause } from '../cluster/until.js';
import { notToAll } from './completeness.js';
import type { FrameBook } from './frames.js';
import { Peer, type PeerSetup } from './peer.js';

const HTTP_TIMEOUT_MS = 10_000;
/** What comes late must come within this time to be seen. Nothing is proved by it; something may be found. */
const AFTERMATH_MS = 40;

/** Credentials of an autohost. */
export interface Bot {
  readonly clientId: string;
  readonly secret: string;
}

/** A running system that clients can connect to. */
export interface SystemUnderTest {
  readonly gateways: readonly string[];
  /** How long an answer or an event may take. */
  readonly deadlineMs: number;
  /** Clients may be told their whole state instead of single events. */
  readonly maybeRefreshes: boolean;
  /** What happens between two steps of a client; told who is connected, so that it can bring them back. */
  between(peers: readonly Peer[]): Promise<void>;
  /** One that nobody uses. */
  nextBot(): Bot;
  stop(): Promise<void>;
}

/** An access token for the account of this name. */
export type TokenOf = (url: string, name: string) => Promise<string>;

/** One case's clients. Names are of this case alone, so that cases share a system without meeting. */
export class Stage {
  readonly peers: Peer[] = [];
  private readonly system: SystemUnderTest;
  private readonly book: FrameBook;
  private readonly prefix: string;
  private readonly tokenOf: TokenOf;

  constructor(system: SystemUnderTest, book: FrameBook, prefix: string, tokenOf: TokenOf = tokenOfPlayer) {
    this.system = system;
    this.book = book;
    this.prefix = prefix;
    this.tokenOf = tokenOf;
  }

  /** Players of these names, each signed in and told of itself. */
  async players<N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: Peer }> {
    const players: Peer[] = [];
    for (const name of names) players.push(await this.player(name));
    return players as { [K in keyof N]: Peer };
  }

  async player(name: string, protocol: 'v0.tachyon' | 'v0.muster' = 'v0.tachyon'): Promise<Peer> {
    const peer = this.stranger(name, protocol);
    await peer.enter();
    return peer;
  }

  /** One that is not connected yet. The same name is the same account. */
  stranger(name: string, protocol: 'v0.tachyon' | 'v0.muster' = 'v0.tachyon'): Peer {
    return this.peer({ name, protocol, role: 'player', token: (url) => this.tokenOf(url, `${this.prefix}${name}`) });
  }

  /** An autohost connected: it has said nothing yet. Of its own, or another connection of `bot`. */
  async autohost(bot: Bot = this.system.nextBot(), protocol: 'v0.tachyon' | 'v0.muster' = 'v0.tachyon'): Promise<Peer> {
    const token = (url: string): Promise<string> => tokenOfBot(url, bot);
    const peer = this.peer({ name: bot.clientId, protocol, role: 'autohost', token });
    await peer.connect();
    return peer;
  }

  /** One for several connections. */
  bot(): Bot {
    return this.system.nextBot();
  }

  private peer(who: Pick<PeerSetup, 'name' | 'protocol' | 'role' | 'token'>): Peer {
    const nth = this.peers.length;
    const peer = new Peer({
      ...who,
      book: this.book,
      url: () => this.system.gateways[nth % this.system.gateways.length]!,
      between: () => this.system.between(this.peers.filter(({ isConnected }) => isConnected)),
      deadlineMs: this.system.deadlineMs,
      maybeRefreshed: this.system.maybeRefreshes,
    });
    this.peers.push(peer);
    return peer;
  }

  /** The case is over: nobody may have heard anything that was not taken. @throws Error with everything that was wrong */
  async finish(): Promise<void> {
    for (const peer of this.peers) if (peer.isConnected && peer.isPlayer) await peer.ok('system/serverStats');
    await pause(AFTERMATH_MS);
    const untaken = this.peers.flatMap(({ name, untaken }) =>
      untaken.map((frame) => `${name}: ${JSON.stringify(frame)}`),
    );
    const faults = [...this.peers.flatMap(({ faults }) => faults), ...untaken.map((one) => `nobody expected ${one}`)];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    const players = this.peers.filter(({ isPlayer, isConnected }) => isPlayer && isConnected);
    for (const commandId of new Set(players.flatMap(({ told }) => [...told])))
      if (players.some(({ told }) => !told.has(commandId))) this.book.shown.add(notToAll(commandId));
  }

  async leave(): Promise<void> {
    for (const peer of this.peers) {
      if (peer.isConnected && peer.isPlayer) peer.send('system/disconnect', { reason: 'the case is over' });
      else peer.drop();
    }
    await pause(0);
  }
}

async function tokenOfBot(url: string, bot: Bot): Promise<string> {
  const http = new Http(HTTP_TIMEOUT_MS);
  return (await botSignIn(bot).obtain(http, await http.metadata(url))).accessToken;
}

async function tokenOfPlayer(url: string, name: string): Promise<string> {
  const http = new Http(HTTP_TIMEOUT_MS);
  return (await playerSignIn({ loginHint: name }).obtain(http, await http.metadata(url))).accessToken;
}
