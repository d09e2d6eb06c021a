// The members of one lobby, or of one raw room, in a process of their own. They take turns in speaking, whether or not earlier messages arrived.
import { setTimeout as sleep } from 'node:timers/promises';
import { Http } from '@muster/client';
import { requestFrame, responseFrame } from '@muster/tachyon';
import { type RawData, WebSocket } from 'ws';
import { answering } from '../child.js';
import { inParallel } from '../players/in-parallel.js';
import { Schedule } from '../players/schedule.js';
import { SocketPlayer } from '../players/socket-player.js';
import { type Delivered, Deliveries } from './deliveries.js';
import { NUMBER_DIGITS, numberIn, textOf } from './numbers.js';

export interface Gathering {
  readonly gateway: string;
  readonly members: number;
}

export interface Gathered {
  /** Length of a frame as it was sent, delivered, and of the answer to its author. */
  readonly sentBytes: number;
  readonly deliveryBytes: number;
  readonly answerBytes: number;
}

export interface RawRoom {
  readonly url: string;
  readonly members: number;
  readonly sentBytes: number;
}

export interface Talk {
  readonly side: 'ours' | 'raw';
  /** Messages of all together. */
  readonly perSecond: number;
  readonly forMs: number;
}

export interface Talked extends Delivered {
  readonly messages: number;
  readonly lateMs: number;
}

const AT_ONCE = 20;
const HTTP_TIMEOUT_MS = 30_000;
const TICK_MS = 1;
const POLL_MS = 20;
/** After the last message was sent. */
const STRAGGLERS_MS = 15_000;
const ONE_TEAM = [{ maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0, right: 0.25 }, teams: [{ maxPlayers: 1 }] }];

interface Room {
  readonly members: number;
  say(member: number, message: number): void;
}

const rooms: Partial<Record<Talk['side'], Room>> = {};
let players: SocketPlayer[] = [];
let sockets: WebSocket[] = [];
let heard: (receiver: number, frame: Buffer) => void = () => undefined;
/** The first thing that went wrong. */
let refused: string | undefined;

/** They sign in, enter a lobby of their own and listen; one says something, so that sizes are known. */
async function gather({ gateway, members }: Gathering): Promise<Gathered> {
  const http = new Http(HTTP_TIMEOUT_MS);
  const metadata = await http.metadata(gateway);
  players = [];
  await inParallel(members, AT_ONCE, async (index) => {
    players[index] = await SocketPlayer.signIn(gateway, http, metadata, `chat-${members}-${index}`);
  });
  const settings = { name: 'Talk', mapName: 'Comet', allyTeamConfig: ONE_TEAM, areBossesEnabled: false };
  const { id } = (await players[0]!.request('lobby/create', settings)) as { readonly id: string };
  await inParallel(members - 1, AT_ONCE, async (index) => {
    await players[index + 1]!.request('lobby/join', { id });
  });
  await inParallel(members, AT_ONCE, async (index) => {
    await players[index]!.request('messaging/subscribeReceived', { since: { type: 'latest' } });
  });
  for (const [index, player] of players.entries()) player.onEvent = (frame) => heard(index, frame);
  rooms.ours = { members, say: sayInLobby };
  const first = await firstDelivery();
  const messageId = '1000';
  return {
    deliveryBytes: first.length,
    sentBytes: requestFrame(messageId, 'messaging/send', JSON.stringify(messageData(0))).length,
    answerBytes: responseFrame(messageId, 'messaging/send').length,
  };
}

function firstDelivery(): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(refused ?? 'nobody heard the first message')), STRAGGLERS_MS);
    heard = (_, frame) => {
      if (Number.isNaN(numberIn(frame))) return;
      clearTimeout(timer);
      resolve(frame);
    };
    sayInLobby(0, 0);
  });
}

function messageData(message: number): object {
  return { target: { type: 'lobby' }, message: textOf(message) };
}

function sayInLobby(member: number, message: number): void {
  players[member]!.request('messaging/send', messageData(message)).catch((error: Error) => {
    refused ??= error.message;
  });
}

/** As many sockets as there are members, at a server that hands on what it gets. */
async function gatherRaw({ url, members, sentBytes }: RawRoom): Promise<void> {
  sockets = [];
  await inParallel(members, AT_ONCE, async (index) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    sockets[index] = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', reject);
    });
    socket.on('message', (data: RawData) => heard(index, data as Buffer));
  });
  rooms.raw = { members, say: (member, message) => sockets[member]!.send(textOf(message, sentBytes)) };
}

async function talk({ side, perSecond, forMs }: Talk): Promise<Talked> {
  const { members, say } = rooms[side]!;
  const deliveries = new Deliveries(members);
  const numberOf = side === 'ours' ? numberIn : rawNumberIn;
  heard = (receiver, frame) => {
    const message = numberOf(frame);
    if (!Number.isNaN(message)) deliveries.received(receiver, message, performance.now());
  };
  const from = performance.now();
  const schedule = new Schedule(members, perSecond / members, from);
  let lateMs = 0;
  const ticking = setInterval(() => {
    const now = performance.now();
    for (
      let { client, dueAt } = schedule.next;
      dueAt <= Math.min(now, from + forMs);
      { client, dueAt } = schedule.next
    ) {
      lateMs = Math.max(lateMs, now - dueAt);
      say(client, deliveries.sent(now));
      schedule.done();
    }
  }, TICK_MS);
  await sleep(forMs);
  clearInterval(ticking);
  for (let waited = 0; deliveries.count < deliveries.due && waited < STRAGGLERS_MS; waited += POLL_MS)
    await sleep(POLL_MS);
  if (refused !== undefined) throw new Error(refused);
  return { ...deliveries.sum(), messages: deliveries.due / (members - 1), lateMs };
}

/** NaN: an answer. */
function rawNumberIn(frame: Buffer): number {
  return Number(frame.toString('latin1', 0, NUMBER_DIGITS));
}

async function part(): Promise<void> {
  await inParallel(players.length, AT_ONCE, (index) => players[index]!.leave());
  for (const socket of sockets) socket.terminate();
}

answering({ gather, gatherRaw, talk, part });
