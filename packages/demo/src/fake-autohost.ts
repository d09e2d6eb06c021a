// A pretended autohost: a Tachyon client over a real WebSocket, written from the protocol and not with the SDK, that runs pretended engines. It does
// what a real one does (signs in anew for every connection, status first, replays what the server missed, comes back by itself with growing waits,
// knows a battle id once in its life), and on a test's word what none should: refuse, say nothing, lie, go away.
import { type Clock, SystemClock } from '@muster/ports';
import { type AutohostUpdate, type CommandDefinition, commandsById, TachyonProtocol } from '@muster/tachyon';
import { WebSocket } from 'ws';
import { type EngineScript, FakeEngine } from './fake-engine.js';
import { UpdateBuffer } from './update-buffer.js';

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1_000;
const DEADLINE_MS = 15_000;
const REPLAY_WINDOW_MS = 600_000;
const FIRST_PORT = 20_000;
const PORTS = 10_000;
/** Of what it was asked, of faults, of closes and of battles that are over, the newest are kept. */
const KEPT_MAX = 1_000;

export interface FakeAutohostSetup {
  /** Where to connect now: the next one at every attempt. */
  readonly url: () => string;
  readonly clientId?: string;
  readonly secret?: string;
  readonly engines?: readonly string[];
  readonly maxBattles?: number;
  readonly clock?: Clock;
  /** Called for each engine that it starts. */
  readonly started?: (engine: FakeEngine) => void;
}

interface Request {
  readonly type: string;
  readonly messageId: string;
  readonly commandId: string;
  readonly data?: unknown;
}

type Answer =
  | { readonly status: 'success'; readonly data?: unknown }
  | { readonly status: 'failed'; readonly reason: string; readonly details?: string };

const DONE: Answer = { status: 'success' };

export class FakeAutohost {
  readonly engines = new Map<string, FakeEngine>();
  /** `commandId` of everything that the server asked, oldest first. */
  readonly asked: string[] = [];
  /** What the server sent that it may not send. */
  readonly faults: string[] = [];
  /** Close codes of its connections so far. */
  readonly closes: number[] = [];
  connections = 0;
  /** Set: every `autohost/start` fails so. */
  refuses: string | undefined;
  /** Set: `autohost/start` is obeyed and not answered. */
  isMute = false;
  private readonly setup: FakeAutohostSetup;
  private readonly protocol = new TachyonProtocol();
  private readonly commands: ReadonlyMap<string, CommandDefinition> = commandsById();
  private readonly clock: Clock;
  private readonly buffer: UpdateBuffer;
  private readonly installed: string[];
  private socket: WebSocket | undefined;
  private away = true;
  private messages = 0;
  private battles = 0;
  private loop: Promise<void> = Promise.resolve();
  private subscribed: () => void = () => undefined;
  private wake: () => void = () => undefined;

  constructor(setup: FakeAutohostSetup) {
    this.setup = setup;
    this.clock = setup.clock ?? new SystemClock();
    this.buffer = new UpdateBuffer(this.clock, REPLAY_WINDOW_MS);
    this.installed = [...(setup.engines ?? ['2026.02.15'])];
  }

  /** Connects, and stays connected until {@link goAway}. Resolves when the server has asked for updates. @throws Error where it does not in time */
  start(): Promise<this> {
    this.away = false;
    return new Promise<this>((resolve, reject) => {
      const late = this.clock.after(DEADLINE_MS, () =>
        reject(new Error(`the autohost was not asked for updates within ${DEADLINE_MS} ms`)),
      );
      this.subscribed = () => {
        late.cancel();
        resolve(this);
      };
      this.loop = this.stay();
    });
  }

  /** How often the server asked for updates. */
  get subscriptions(): number {
    return this.asked.filter((commandId) => commandId === 'autohost/subscribeUpdates').length;
  }

  get isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** The connection is gone without a word; it comes back by itself. */
  cut(): void {
    this.socket?.terminate();
  }

  /** Gone until {@link start}. Engines run on. */
  async goAway(): Promise<void> {
    this.away = true;
    this.socket?.terminate();
    this.wake();
    await this.loop;
  }

  /** The engine that listens there. */
  engineAt(port: number): FakeEngine | undefined {
    return this.running.find((engine) => engine.port === port);
  }

  get running(): readonly FakeEngine[] {
    return [...this.engines.values()].filter(({ running }) => running);
  }

  status(): void {
    this.event('autohost/status', {
      maxBattles: this.setup.maxBattles ?? 8,
      currentBattles: this.running.length,
      availableEngines: this.installed,
    });
  }

  /** Says what it likes: lies. */
  event(commandId: string, data: unknown): void {
    this.messages += 1;
    this.send({ type: 'event', messageId: `event-${this.messages}`, commandId, data });
  }

  /** Reconnects with growing waits until told to go. */
  private async stay(): Promise<void> {
    let waitMs = RECONNECT_MIN_MS;
    while (!this.away) {
      if (await this.connection()) waitMs = RECONNECT_MIN_MS;
      if (this.away) return;
      await this.pause(waitMs);
      waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS);
    }
  }

  /** Until the time is over or it is to go. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.after(ms, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** One connection, until it ends. @returns whether it opened */
  private async connection(): Promise<boolean> {
    const url = this.setup.url();
    const token = await this.token(url).catch(() => undefined);
    if (token === undefined || this.away) return false;
    const headers = { authorization: `Bearer ${token}` };
    const options = { headers, perMessageDeflate: false };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/tachyon`, ['v0.tachyon'], options);
    this.socket = socket;
    let opened = false;
    socket.on('open', () => {
      opened = true;
      this.connections += 1;
      this.status();
    });
    socket.on('message', (data) => this.take(JSON.parse(String(data)) as Request));
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      socket.once('close', (code) => {
        keep(this.closes, code);
        resolve();
      });
    });
    this.buffer.unsubscribe();
    return opened;
  }

  private async token(url: string): Promise<string> {
    const metadata = (await json(`${url}/.well-known/oauth-authorization-server`)) as Record<string, unknown>;
    const { clientId = 'autohost', secret = 'autohost' } = this.setup;
    const authorization = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
    const answer = (await json(String(metadata.token_endpoint), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&scope=tachyon.lobby',
    })) as Record<string, unknown>;
    if (answer.token_type !== 'Bearer') keep(this.faults, `token_type is ${String(answer.token_type)}`);
    return String(answer.access_token);
  }

  private take(request: Request): void {
    const { type, commandId, data, messageId } = request;
    const definition = this.commands.get(commandId);
    if (type !== 'request' || definition?.direction !== 'server→autohost') {
      if (type !== 'response') keep(this.faults, `it was sent ${JSON.stringify(request)}`);
      return;
    }
    const wrong = this.protocol.check(definition, data);
    if (wrong) keep(this.faults, `${commandId}: ${wrong.details}`);
    keep(this.asked, commandId);
    const answer = this.obey(commandId, data as never);
    if (answer) this.send({ type: 'response', messageId, commandId, ...answer });
    // Its count is told when the answer is.
    if (commandId === 'autohost/start') this.status();
  }

  private obey(commandId: string, data: { readonly battleId: string } & Record<string, unknown>): Answer | undefined {
    if (commandId === 'autohost/subscribeUpdates') {
      const why = this.buffer.subscribe(Number(data.since), (update) => this.event('autohost/update', update));
      this.subscribed();
      return why === undefined ? DONE : { status: 'failed', reason: 'invalid_request', details: why };
    }
    if (commandId === 'autohost/start') return this.startEngine(data as unknown as EngineScript);
    if (commandId === 'autohost/installEngine') {
      this.installed.push(String(data.version));
      this.status();
      return DONE;
    }
    const engine = this.engines.get(data.battleId);
    if (!engine?.running) return { status: 'failed', reason: 'invalid_request', details: 'no such battle' };
    if (commandId === 'autohost/kill') {
      engine.quit();
      this.status();
    } else if (commandId === 'autohost/addPlayer') engine.add(String(data.userId), String(data.password));
    else if (commandId === 'autohost/kickPlayer') engine.leave(String(data.userId), 'kicked');
    else engine.orders.push(`${commandId} ${JSON.stringify({ ...data, battleId: undefined })}`);
    return DONE;
  }

  private startEngine(script: EngineScript): Answer | undefined {
    if (this.refuses !== undefined) return { status: 'failed', reason: this.refuses };
    if (this.engines.has(script.battleId)) return { status: 'failed', reason: 'battle_already_exists' };
    if (!this.installed.includes(script.engineVersion))
      return { status: 'failed', reason: 'engine_version_not_available' };
    const tell = (update: AutohostUpdate['update']): void => {
      this.buffer.push(script.battleId, update);
      if (update.type === 'engine_quit' || update.type === 'engine_crash') this.status();
    };
    const port = FIRST_PORT + (this.battles % PORTS);
    this.battles += 1;
    const engine = new FakeEngine(script, port, tell);
    this.engines.set(script.battleId, engine);
    this.forgetOldBattles();
    this.setup.started?.(engine);
    return this.isMute ? undefined : { status: 'success', data: { ips: ['127.0.0.1'], port } };
  }

  private forgetOldBattles(): void {
    for (const [id, { running }] of this.engines) {
      if (this.engines.size <= KEPT_MAX) return;
      if (!running) this.engines.delete(id);
    }
  }

  private send(frame: object): void {
    if (this.isConnected) this.socket!.send(JSON.stringify(frame));
  }
}

function keep<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > KEPT_MAX) list.shift();
}

async function json(url: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}
