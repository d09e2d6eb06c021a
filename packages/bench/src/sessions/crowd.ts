// A part of the players, in a process of their own: as many as its files allow. Most of them only stay; some talk, each to the next.
import { setTimeout as sleep } from 'node:timers/promises';
import { Http, type Metadata } from '@muster/client';
import { type RawData, WebSocket } from 'ws';
import { numberIn, textOf } from '../chat/numbers.js';
import { answering } from '../child.js';
import { accessTokenIn, codeForm, postForm } from '../players/code-exchange.js';
import { inParallel } from '../players/in-parallel.js';
import { Schedule } from '../players/schedule.js';
import { SocketPlayer } from '../players/socket-player.js';
import { quantile } from '../rounds.js';

export interface Growth {
  readonly gateways: readonly string[];
  /** Which process this is, from 0. */
  readonly crowd: number;
  /** Number of the first new player: no two processes have the same. */
  readonly first: number;
  /** One for each of them, to be exchanged for its tokens. */
  readonly codes: readonly string[];
}

export interface Grown {
  /** Of this process, all in all. */
  readonly players: number;
  /** What kept somebody out for good; those that had signed in stay. */
  readonly failure: string | undefined;
  /** Attempts that failed before one succeeded, of this process, all in all. */
  readonly retried: number;
}

export interface Hold {
  readonly talkers: number;
  /** Messages of each of them. */
  readonly perSecond: number;
  readonly forMs: number;
}

export interface Held {
  readonly sent: number;
  /** Came to whom they were for, once. */
  readonly delivered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lateMs: number;
  /** Why connections broke, and how many. */
  readonly lost: Readonly<Record<string, number>>;
}

const AT_ONCE = 16;
/** Existing servers allow three sign-ins within ten seconds. */
const ATTEMPTS = 3;
const RETRY_MS = 4_000;
const ASK_AT_ONCE = 64;
/** Of each process. */
const ADDRESSES = 200;
const RAW_AT_ONCE = 64;
const HTTP_TIMEOUT_MS = 60_000;
const TICK_MS = 5;
const POLL_MS = 50;
const STRAGGLERS_MS = 15_000;

const http = new Http(HTTP_TIMEOUT_MS);
const players: SocketPlayer[] = [];
let metadata: readonly Metadata[] | undefined;
let sockets: WebSocket[] = [];
let retried = 0;

async function grow({ gateways, crowd, first, codes }: Growth): Promise<Grown> {
  metadata ??= await Promise.all(gateways.map((gateway) => http.metadata(gateway)));
  const all = metadata;
  let failure: string | undefined;
  const signIn = async (index: number): Promise<void> => {
    const at = (first + index) % gateways.length;
    const form = codeForm(codes[index]!);
    // A code is good once: each is tried again by itself.
    const token = await withPatience(async () =>
      accessTokenIn(await postForm(all[at]!.tokenEndpoint, form, HTTP_TIMEOUT_MS)),
    );
    players.push(await withPatience(() => SocketPlayer.open(gateways[at]!, token, addressOf(crowd, first + index))));
  };
  await inParallel(codes.length, AT_ONCE, signIn).catch((error: unknown) => {
    failure = error instanceof Error ? `${error.message} ${error.cause ?? ''}` : String(error);
  });
  return { players: players.length, failure, retried };
}

/**
 * Where a player comes from: one of many addresses of this machine. Between two addresses there are 28,232 ports, and once half of them are used up the
 * kernel looks through that half at every connection: from one address, the last 15,000 of 100,000 signed in at a third of the pace.
 */
function addressOf(crowd: number, player: number): string {
  return `127.0.${crowd + 1}.${(player % ADDRESSES) + 1}`;
}

/** As clients do that are sent away by a server with much to do. */
async function withPatience<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      retried += 1;
      await sleep(RETRY_MS);
    }
  }
}

async function hold({ talkers, perSecond, forMs }: Hold): Promise<Held> {
  const talking = players.slice(0, talkers);
  await inParallel(talking.length, AT_ONCE, async (index) => {
    await talking[index]!.request('messaging/subscribeReceived', { since: { type: 'latest' } });
  });
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  let sent = 0;
  for (const [index, player] of talking.entries()) {
    player.onEvent = (frame) => {
      const message = numberIn(frame);
      const at = sentAt.get(message);
      // For the one behind its author, and not there before.
      if (at === undefined || (message + 1) % talking.length !== index) return;
      sentAt.delete(message);
      latencies.push(performance.now() - at);
    };
  }
  let failure: Error | undefined;
  let lateMs = 0;
  const from = performance.now();
  const schedule = new Schedule(Math.max(1, talking.length), perSecond, from);
  const tick = (): void => {
    const now = performance.now();
    for (
      let { client, dueAt } = schedule.next;
      dueAt <= Math.min(now, from + forMs);
      { client, dueAt } = schedule.next
    ) {
      lateMs = Math.max(lateMs, now - dueAt);
      sentAt.set(sent, now);
      const { userId } = talking[(client + 1) % talking.length]!;
      const data = { target: { type: 'player', userId }, message: textOf(sent) };
      talking[client]!.request('messaging/send', data).catch((error: Error) => {
        failure ??= error;
      });
      sent += 1;
      schedule.done();
    }
  };
  // Nobody can talk to himself.
  const ticking = talking.length > 1 ? setInterval(tick, TICK_MS) : undefined;
  await sleep(forMs);
  clearInterval(ticking);
  for (let waited = 0; sentAt.size > 0 && waited < STRAGGLERS_MS; waited += POLL_MS) await sleep(POLL_MS);
  const lost: Record<string, number> = {};
  for (const player of players) if (player.lost !== undefined) lost[player.lost] = (lost[player.lost] ?? 0) + 1;
  if (failure && Object.keys(lost).length === 0) throw failure;
  return {
    sent,
    delivered: latencies.length,
    p50Ms: latencies.length === 0 ? 0 : quantile(latencies, 0.5),
    p99Ms: latencies.length === 0 ? 0 : quantile(latencies, 0.99),
    lateMs,
    lost,
  };
}

/** How many are still served: each asks its own actor who it is. */
async function count(): Promise<number> {
  let right = 0;
  await inParallel(players.length, ASK_AT_ONCE, async (index) => {
    const { userId } = players[index]!;
    const answer = await players[index]!.request('user/info', { userId }).catch(() => undefined);
    if ((answer as { readonly userId?: string } | undefined)?.userId === userId) right += 1;
  });
  return right;
}

async function connectRaw({ url, count: wanted }: { readonly url: string; readonly count: number }): Promise<void> {
  await inParallel(wanted, RAW_AT_ONCE, async (index) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false });
    sockets[index] = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('message', (_: RawData) => resolve());
      socket.on('error', reject);
    });
  });
}

function closeRaw(): void {
  for (const socket of sockets) socket.terminate();
  sockets = [];
}

answering({ grow, hold, count, connectRaw, closeRaw });
