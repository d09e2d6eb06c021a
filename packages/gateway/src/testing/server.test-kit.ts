import { createHash } from 'node:crypto';
import {
  type Clock,
  MemoryMetrics,
  type Millis,
  SeededRandom,
  type Storage,
  SystemClock,
  SystemRandom,
  silentLog,
  silentTracer,
  type Timer,
} from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import { type ClientOptions, WebSocket } from 'ws';
import { GatewayCore } from '../core/core.js';
import type { GatewayOptions } from '../core/options.js';
import type { GatewayServerOptions } from '../http/options.js';
import { GatewayServer } from '../http/server.js';
import type { OAuthChanges } from '../oauth/options.js';
import { type FakeCluster, obligingCluster } from './fake-cluster.test-kit.js';

/** The system's clock, which a test may move forward: tokens expire at once. */
export class MovableClock implements Clock {
  private readonly system = new SystemClock();
  private ahead: Millis = 0;

  now(): Millis {
    return this.system.now() + this.ahead;
  }

  monotonic(): Millis {
    return this.system.monotonic() + this.ahead;
  }

  after(delayMs: Millis, run: () => void): Timer {
    return this.system.after(delayMs, run);
  }

  defer(run: () => void): void {
    this.system.defer(run);
  }

  move(ms: Millis): void {
    this.ahead += ms;
  }
}

export interface World {
  readonly clock: MovableClock;
  readonly cluster: FakeCluster;
  readonly storage: Storage;
  readonly metrics: MemoryMetrics;
  readonly core: GatewayCore;
  readonly server: GatewayServer;
  readonly url: string;
  stop(): Promise<void>;
}

export interface WorldChanges {
  readonly storage?: Storage;
  readonly clock?: MovableClock;
  readonly cluster?: FakeCluster;
  readonly gateway?: Partial<GatewayOptions>;
  readonly options?: Partial<GatewayServerOptions>;
  readonly oauth?: OAuthChanges;
}

/** One gateway on a free port of 127.0.0.1, in front of a pretended cluster. Sign-in is `dev`; the bot `autohost` has the secret `s3cret %+: x`. */
export async function startWorld(changes: WorldChanges = {}): Promise<World> {
  const clock = changes.clock ?? new MovableClock();
  const storage = changes.storage ?? new MemoryStorage({ clock, random: new SeededRandom(1) });
  const cluster = changes.cluster ?? obligingCluster();
  const metrics = new MemoryMetrics();
  const random = new SystemRandom();
  const shared = { clock, random, metrics, log: silentLog };
  const core = new GatewayCore({
    ...shared,
    cluster,
    tracer: silentTracer,
    options: { stopMs: 50, ...changes.gateway },
  });
  const oauth = { ...changes.oauth, embedded: { signIn: 'dev' as const, ...changes.oauth?.embedded } };
  const options = { closeTimeoutMs: 200, ...changes.options };
  const server = new GatewayServer({ ...shared, core, storage, options, oauth });
  await storage.accounts.putBot({ clientId: 'autohost', secret: BOT_SECRET, name: 'autohost' });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { clock, cluster, storage, metrics, core, server, url, stop: () => server.stop() };
}

export const BOT_SECRET = 's3cret %+: x';
export const VERIFIER = 'v'.repeat(43);
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
export const REDIRECT = 'http://127.0.0.1:49152/oauth2callback';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(await fetch(url, { redirect: 'manual', headers }));
}

export async function postForm(
  url: string,
  form: Readonly<Record<string, string>> | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return answerOf(await fetch(url, { method: 'POST', body, headers: { ...type, ...headers } }));
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body };
}

export function authorizeQuery(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const all = {
    client_id: 'generic_lobby',
    scope: 'tachyon.lobby',
    response_type: 'code',
    redirect_uri: REDIRECT,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    login_hint: 'ann',
    ...changes,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}

/** Signs in and returns the code. */
export async function codeFor(
  url: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const { headers } = await get(`${url}/oauth/authorize?${authorizeQuery(changes)}`);
  return new URL(headers.get('location')!).searchParams.get('code')!;
}

export function codeForm(code: string): Readonly<Record<string, string>> {
  return {
    grant_type: 'authorization_code',
    client_id: 'generic_lobby',
    scope: 'tachyon.lobby',
    code,
    code_verifier: VERIFIER,
    redirect_uri: REDIRECT,
  };
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

export async function tokensFor(url: string, username = 'ann'): Promise<Tokens> {
  const code = await codeFor(url, { login_hint: username });
  const { body } = await postForm(`${url}/oauth/token`, codeForm(code));
  return body as unknown as Tokens;
}

export interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A WebSocket and what came on it. */
export class TestClient {
  readonly ws: WebSocket;
  readonly frames: Record<string, unknown>[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private readonly waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('error', () => undefined);
    ws.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as Record<string, unknown>);
      for (const { count, resolve } of this.waiting) if (this.frames.length >= count) resolve();
    });
    this.closed = new Promise((resolve) =>
      ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  /** Resolves with the first `count` frames. */
  async first(count: number): Promise<readonly Record<string, unknown>[]> {
    if (this.frames.length < count)
      await new Promise<void>((resolve) => {
        this.waiting.push({ count, resolve });
      });
    return this.frames.slice(0, count);
  }

  request(commandId: string, data?: unknown, messageId = 'm1'): void {
    this.ws.send(JSON.stringify({ type: 'request', messageId, commandId, data }));
  }
}

/** Opens a WebSocket, or says how it was refused. */
export function open(
  url: string,
  token: string | undefined,
  options: ClientOptions & { readonly protocols?: readonly string[] } = {},
): Promise<TestClient | Refused> {
  const { protocols = ['v0.tachyon'], headers, ...rest } = options;
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ws = new WebSocket(`${url.replace('http', 'ws')}/tachyon`, [...protocols], {
    ...rest,
    headers: { ...bearer, ...headers },
  });
  return new Promise((resolve, reject) => {
    const client = new TestClient(ws);
    ws.on('open', () => resolve(client));
    ws.on('error', reject);
    ws.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode!, headers: response.headers, body: JSON.parse(text) });
      });
    });
  });
}

export async function connected(
  url: string,
  token: string | undefined,
  options?: Parameters<typeof open>[2],
): Promise<TestClient> {
  const client = await open(url, token, options);
  if (client instanceof TestClient) return client;
  throw new Error(`refused with ${client.status} ${JSON.stringify(client.body)}`);
}

export async function refusal(
  url: string,
  token: string | undefined,
  options?: Parameters<typeof open>[2],
): Promise<Refused> {
  const client = await open(url, token, options);
  if (client instanceof TestClient) throw new Error('it was let in');
  return client;
}
