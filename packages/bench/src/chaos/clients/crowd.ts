// All clients of a chaos run, in a process of their own: what the cluster or the launcher does to its own loop cannot make them look slow.
import { MusterClient, nodeSocket, playerSignIn, type SocketFactory } from '@muster/client';
import { answering } from '../../child.js';
import type { LedgerEntry } from '../ledger/entries.js';
import { Journal } from '../ledger/journal.js';
import { CHAOS } from '../options.js';
import { Player } from './player.js';

export interface SignIn {
  /** Where the clients' part of the ledger is kept. */
  readonly ledger: string;
  readonly gateways: readonly { readonly id: string; readonly url: string }[];
  readonly players: number;
}

export interface Progress {
  readonly sent: number;
  readonly acknowledged: number;
}

let journal: Journal<LedgerEntry> | undefined;
const players: Player[] = [];
let loops: Promise<void>[] = [];
let running = false;
let progress = { sent: 0, acknowledged: 0 };

async function signIn({ ledger, gateways, players: count }: SignIn): Promise<readonly string[]> {
  journal = new Journal(ledger);
  const nameOf = (url: string): string =>
    gateways.find((one) => new URL(one.url).host === new URL(url).host)?.id ?? url;
  await inLanes(CHAOS.signInsAtOnce, [...Array(count).keys()], async (index) => {
    const gateway = gateways[index % gateways.length]!;
    const loginHint = `chaos-${String(index).padStart(3, '0')}`;
    // A client that is told to move on goes elsewhere: only who dials knows where it is.
    let dialled = gateway.url;
    const socket: SocketFactory = (url, ...rest) => {
      dialled = url;
      return nodeSocket(url, ...rest);
    };
    const client = new MusterClient({ url: gateway.url, signIn: playerSignIn({ loginHint }), socket });
    await client.connect(CHAOS.signInTimeoutMs);
    const { userId } = client.self!.user;
    const player = new Player({ client, gateway: () => nameOf(dialled), journal: journal! });
    await client.request('messaging/subscribeReceived', { since: { type: 'from_start' } });
    if (players.some(({ id }) => id === userId)) throw new Error(`two clients are player ${userId}`);
    players.push(player);
  });
  return players.map(({ id }) => id);
}

function begin({ round }: { readonly round: number }): void {
  running = true;
  progress = { sent: 0, acknowledged: 0 };
  for (const player of players) player.beginRound();
  loops = players.map((player, index) => talk(player, index, round));
}

/** To every other player in turn, so that all histories grow alike and none outgrows what the server keeps. */
async function talk(player: Player, index: number, round: number): Promise<void> {
  // They do not all begin in the same moment.
  await pause((CHAOS.paceMs * index) / players.length);
  for (let n = 1; running; n += 1) {
    const to = players[(index + n) % players.length]!;
    if (to !== player) {
      const id = await player.say(to.id, round, () => {
        progress.sent += 1;
      });
      if (id !== undefined) {
        progress.acknowledged += 1;
        to.expected.add(id);
      }
    }
    await pause(CHAOS.paceMs);
  }
}

/** Nobody begins anything new; resolves when everything under way has ended, and what was acknowledged has come or is overdue. */
async function quiet(): Promise<Progress> {
  running = false;
  await Promise.all(loops);
  const until = performance.now() + CHAOS.settleMs;
  while (!players.every(({ hasAll }) => hasAll) && performance.now() < until) await pause(50);
  await pause(CHAOS.quietMs);
  return progress;
}

async function histories({ round }: { readonly round: number }): Promise<void> {
  await inLanes(CHAOS.historiesAtOnce, players, (player) => player.history(round));
}

async function leave(): Promise<void> {
  await inLanes(CHAOS.historiesAtOnce, players, (player) => player.leave());
  journal?.close();
}

async function inLanes<T>(lanes: number, items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const lane = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await each(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

answering({ signIn, begin, progress: (): Progress => progress, quiet, histories, leave });
