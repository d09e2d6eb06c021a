// Those who show the list, in a process of their own. The first of them have a lobby each, whose name they change in turns.
import { setTimeout as sleep } from 'node:timers/promises';
import { Http } from '@muster/client';
import { answering } from '../child.js';
import { inParallel } from '../players/in-parallel.js';
import { Schedule } from '../players/schedule.js';
import { SocketPlayer } from '../players/socket-player.js';
import { changesIn, dataOf, isReset, nameOf } from './frames.js';
import { Staleness } from './staleness.js';

export interface Opening {
  readonly gateway: string;
  readonly subscribers: number;
  readonly lobbies: number;
}

export interface Changes {
  readonly perSecond: number;
  readonly forMs: number;
  /** Whether the list is shown; else nobody hears of the changes but who made them. */
  readonly shown: boolean;
}

export interface Changed {
  /** Commands that were sent and answered. */
  readonly changes: number;
  readonly answered: number;
  /** Pairs of change and subscriber, and those that came, once. */
  readonly due: number;
  readonly seen: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all subscribers. */
  readonly frames: number;
  readonly bytes: number;
  readonly lateMs: number;
}

const AT_ONCE = 32;
const HTTP_TIMEOUT_MS = 30_000;
const RESET_TIMEOUT_MS = 60_000;
const TICK_MS = 5;
const POLL_MS = 50;
/** After the last change, for what is under way: several times what the list waits for. */
const STRAGGLERS_MS = 15_000;
const STALEST_MS = 60_000;
const ONE_TEAM = [{ maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0, right: 0.25 }, teams: [{ maxPlayers: 1 }] }];

const players: SocketPlayer[] = [];
let owners = 0;
/** Goes on over all stretches: no change is taken for an older one. */
let made = 0;

async function open({ gateway, subscribers, lobbies }: Opening): Promise<void> {
  const http = new Http(HTTP_TIMEOUT_MS);
  const metadata = await http.metadata(gateway);
  await inParallel(subscribers, AT_ONCE, async (index) => {
    players[index] = await SocketPlayer.signIn(gateway, http, metadata, `list-${index}`);
  });
  owners = lobbies;
  await inParallel(lobbies, AT_ONCE, async (index) => {
    await players[index]!.request('lobby/create', { name: 'New', mapName: 'Comet', allyTeamConfig: ONE_TEAM });
  });
}

/** All show the list from now on. @returns the length of the whole list, as each got it. */
async function show(): Promise<number> {
  let bytes = 0;
  await inParallel(players.length, AT_ONCE, async (index) => {
    bytes = await wholeList(players[index]!);
  });
  return bytes;
}

async function wholeList(player: SocketPlayer): Promise<number> {
  const whole = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the list did not come')), RESET_TIMEOUT_MS);
    player.onEvent = (frame) => {
      if (!isReset(frame)) return;
      clearTimeout(timer);
      resolve(frame.length);
    };
  });
  const [, bytes] = await Promise.all([player.request('lobby/subscribeList'), whole]);
  return bytes;
}

async function hide(): Promise<void> {
  await inParallel(players.length, AT_ONCE, async (index) => {
    await players[index]!.request('lobby/unsubscribeList');
  });
}

async function change({ perSecond, forMs, shown }: Changes): Promise<Changed> {
  const first = made;
  const sentAt: number[] = [];
  const staleness = new Staleness(STALEST_MS);
  const seen = new Uint32Array(Math.ceil((perSecond * forMs) / 1_000) + 1);
  let frames = 0;
  let bytes = 0;
  let told: { readonly data: Buffer; readonly changes: readonly number[] } | undefined;
  const hear = (frame: Buffer): void => {
    const data = dataOf(frame);
    if (!data) return;
    frames += 1;
    bytes += frame.length;
    const now = performance.now();
    // Read once: every client of the gateway is told the same.
    if (!told?.data.equals(data)) told = { data, changes: changesIn(data) };
    for (const one of told.changes) {
      if (one < first || one - first >= sentAt.length) continue;
      seen[one - first]! += 1;
      staleness.add(now - sentAt[one - first]!);
    }
  };
  for (const player of players) player.onEvent = shown ? hear : () => undefined;
  let answered = 0;
  let failure: Error | undefined;
  let lateMs = 0;
  const from = performance.now();
  const schedule = new Schedule(owners, perSecond / owners, from);
  const ticking = setInterval(() => {
    const now = performance.now();
    for (
      let { client, dueAt } = schedule.next;
      dueAt <= Math.min(now, from + forMs);
      { client, dueAt } = schedule.next
    ) {
      lateMs = Math.max(lateMs, now - dueAt);
      sentAt.push(now);
      players[client]!.request('lobby/update', { name: nameOf(made) }).then(
        () => {
          answered += 1;
        },
        (error: Error) => {
          failure ??= error;
        },
      );
      made += 1;
      schedule.done();
    }
  }, TICK_MS);
  await sleep(forMs);
  clearInterval(ticking);
  const due = shown ? sentAt.length * players.length : 0;
  const isDone = (): boolean => answered === sentAt.length && staleness.count >= due;
  for (let waited = 0; !isDone() && failure === undefined && waited < STRAGGLERS_MS; waited += POLL_MS)
    await sleep(POLL_MS);
  if (failure) throw failure;
  return {
    changes: sentAt.length,
    answered,
    due,
    seen: seen.reduce((sum, count) => sum + Math.min(count, players.length), 0),
    p50Ms: staleness.quantile(0.5),
    p99Ms: staleness.quantile(0.99),
    frames,
    bytes,
    lateMs,
  };
}

answering({ open, show, hide, change });
