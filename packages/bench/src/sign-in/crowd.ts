// Those who sign in, in a process of their own. Each part of it is a call: authorizing (which makes the account), exchanging the code for
// tokens, opening the WebSocket. So each can be measured apart from the others.
import { challengeOf, Http, type Metadata } from '@muster/client';
import { TACHYON_SCOPE, TACHYON_SUBPROTOCOL } from '@muster/tachyon';
import { type RawData, WebSocket } from 'ws';
import { answering } from '../child.js';
import { accessTokenIn, codeForm, postForm, SIGN_IN } from '../players/code-exchange.js';
import { inParallel } from '../players/in-parallel.js';
import { SocketPlayer } from '../players/socket-player.js';
import { quantile } from '../rounds.js';

export interface Newcomers {
  readonly gateway: string;
  readonly count: number;
  /** No name comes twice in one cluster. */
  readonly round: number;
}

export interface RawTarget {
  readonly url: string;
  readonly count: number;
}

export interface SignInSample {
  readonly asked: number;
  readonly completed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Length of an answer. */
  readonly bytes: number;
}

const AT_ONCE = 32;
const HTTP_TIMEOUT_MS = 30_000;
const OPEN_TIMEOUT_MS = 30_000;

const http = new Http(HTTP_TIMEOUT_MS);
let metadata: Metadata;
let gateway = '';
let codes: string[] = [];
let tokens: string[] = [];
let players: SocketPlayer[] = [];

/** Makes accounts and has a code for each. */
async function authorize({ gateway: url, count, round }: Newcomers): Promise<void> {
  gateway = url;
  metadata = await http.metadata(url);
  codes = [];
  const challenge = await challengeOf(SIGN_IN.verifier);
  await inParallel(count, AT_ONCE, async (index) => {
    const query = new URLSearchParams({
      client_id: SIGN_IN.clientId,
      scope: TACHYON_SCOPE,
      response_type: 'code',
      redirect_uri: SIGN_IN.redirectUri,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: String(index),
      login_hint: `sign-in-${round}-${index}`,
    });
    const response = await http.send(`${metadata.authorizationEndpoint}?${query}`);
    await response.arrayBuffer();
    const code = new URL(response.headers.get('location') ?? 'none:').searchParams.get('code');
    if (code === null) throw new Error(`authorizing was answered with ${response.status}`);
    codes[index] = code;
  });
}

async function exchange(): Promise<SignInSample> {
  tokens = [];
  return timed(codes.length, async (index) => {
    const text = await postForm(metadata.tokenEndpoint, codeForm(codes[index]!), HTTP_TIMEOUT_MS);
    tokens[index] = accessTokenIn(text);
    return text.length;
  });
}

async function upgrade(): Promise<SignInSample> {
  players = [];
  const sample = await timed(tokens.length, async (index) => {
    players[index] = await SocketPlayer.open(gateway, tokens[index]!);
    return players[index]!.selfBytes;
  });
  const users = new Set(players.map(({ userId }) => userId)).size;
  return { ...sample, completed: Math.min(sample.completed, users) };
}

/** They quit: the next round begins without any session. */
async function leave(): Promise<void> {
  await inParallel(players.length, AT_ONCE, (index) => players[index]!.leave());
}

/** The same requests to a server that answers without looking at them. */
async function exchangeRaw({ url, count }: RawTarget): Promise<SignInSample> {
  return timed(count, async () => (await postForm(url, codeForm(codes[0]!), HTTP_TIMEOUT_MS)).length);
}

async function upgradeRaw({ url, count }: RawTarget): Promise<SignInSample> {
  const sockets: WebSocket[] = [];
  const sample = await timed(count, async (index) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), [TACHYON_SUBPROTOCOL], {
      perMessageDeflate: false,
      handshakeTimeout: OPEN_TIMEOUT_MS,
      headers: { authorization: `Bearer ${tokens[0]}` },
    });
    sockets.push(socket);
    const frame = await new Promise<Buffer>((resolve, reject) => {
      socket.once('message', (data: RawData) => resolve(data as Buffer));
      socket.on('error', reject);
    });
    if (frame[0] !== 'x'.charCodeAt(0)) throw new Error(`socket ${index} got another frame`);
    return frame.length;
  });
  for (const socket of sockets) socket.terminate();
  return sample;
}

/** Each piece of work once, and how long each took. */
async function timed(count: number, work: (index: number) => Promise<number>): Promise<SignInSample> {
  const latencies: number[] = [];
  let bytes = 0;
  await inParallel(count, AT_ONCE, async (index) => {
    const from = performance.now();
    bytes = await work(index);
    latencies.push(performance.now() - from);
  });
  return {
    asked: count,
    completed: latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    bytes,
  };
}

answering({ authorize, exchange, upgrade, leave, exchangeRaw, upgradeRaw });
