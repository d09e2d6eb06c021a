// The players of a benchmark, in a process of their own: SDK clients that send a steady stream of commands, each of which changes its player's state.
// Faults are injected from here, too, so that "sent at or after the kill" is said by one clock.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, MusterClient, playerSignIn, RequestFailed } from '@muster/client';
import { answering } from '../child.js';
import { CommandRecord } from './command-record.js';
import { type Observed, percentiles, tally } from './observed.js';
import { Schedule } from './schedule.js';

export interface SignInAll {
  readonly gateways: readonly string[];
  readonly count: number;
}

export interface Signal {
  readonly pids: readonly number[];
  readonly signal: NodeJS.Signals;
}

/** An instant: by this process's monotonic clock, and by the wall clock. */
export interface Instant {
  readonly at: number;
  readonly wall: number;
}

export interface Load {
  /** Of each client. */
  readonly perSecond: number;
}

export interface Stretch {
  readonly forMs: number;
}

export interface Recent {
  readonly count: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/** An open connection that broke, other than to move on as its gateway told it to. */
export interface LostSocket {
  readonly client: number;
  /** By the wall clock. */
  readonly wall: number;
  readonly why: string;
}

export interface Outcome {
  readonly commands: readonly Observed[];
  readonly lost: readonly LostSocket[];
  /** How often a gateway told a client to go on elsewhere. */
  readonly movedOn: number;
  /** Between this process's two clocks: wall = at + offset. */
  readonly wallOffset: number;
  /** Longest that a command was sent after it was due: above a few milliseconds, the generator itself was too slow. */
  readonly lateMs: number;
}

const SIGN_INS_AT_ONCE = 20;
const TICK_MS = 1;
/** After the load was stopped, for answers under way: longer than the SDK's own time-out of a request. */
const STRAGGLERS_MS = 15_000;
const POLL_MS = 20;

const clients: MusterClient[] = [];
const record = new CommandRecord();
let lost: LostSocket[] = [];
let movedOn = 0;
let lateMs = 0;
let ticking: NodeJS.Timeout | undefined;

async function signIn({ gateways, count }: SignInAll): Promise<readonly string[]> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      clients[index] = await join(index, gateways, index % gateways.length);
    }
  };
  await Promise.all(Array.from({ length: SIGN_INS_AT_ONCE }, worker));
  return clients.map(({ self }) => self!.user.userId);
}

async function join(index: number, gateways: readonly string[], gateway: number): Promise<MusterClient> {
  const client = new MusterClient({
    url: gateways[gateway]!,
    signIn: playerSignIn({ loginHint: `bench-${String(index).padStart(5, '0')}` }),
  });
  await client.connect();
  let before = client.state;
  client.onState(({ state, error }) => {
    // One that moves on is connecting again at once; one that tries in vain was not open.
    if (before === 'open' && (state === 'waiting' || state === 'closed'))
      lost.push({ client: index, wall: Date.now(), why: error?.message ?? state });
    before = state;
  });
  client.on('system/moveOn', () => {
    movedOn += 1;
  });
  return client;
}

function start({ perSecond }: Load): Instant {
  const schedule = new Schedule(clients.length, perSecond, performance.now());
  lateMs = 0;
  lost = [];
  movedOn = 0;
  ticking = setInterval(() => {
    const now = performance.now();
    for (let { client, dueAt } = schedule.next; dueAt <= now; { client, dueAt } = schedule.next) {
      lateMs = Math.max(lateMs, now - dueAt);
      send(client);
      schedule.done();
    }
  }, TICK_MS);
  return instant();
}

/** One that changes the state: it is answered only when a second place has it. Its answer says what nothing but a lost state would change. */
function send(client: number): void {
  const settle = record.sent(client, performance.now());
  clients[client]!.request('messaging/subscribeReceived', { since: { type: 'latest' } }).then(
    ({ hasMissedMessages }) => settle(performance.now(), hasMissedMessages === false ? '' : 'wrong answer'),
    (error: unknown) => settle(performance.now(), reason(error)),
  );
}

function reason(error: unknown): string {
  if (error instanceof RequestFailed) return error.details ? `${error.reason}: ${error.details}` : error.reason;
  return error instanceof ClientError ? error.code : String(error);
}

/** Stops the load, waits for what is under way, and hands over everything since `start`. */
async function finish(): Promise<Outcome> {
  clearInterval(ticking);
  for (let waited = 0; record.unanswered > 0 && waited < STRAGGLERS_MS; waited += POLL_MS) await sleep(POLL_MS);
  return { commands: record.take(), lost, movedOn, wallOffset: Date.now() - performance.now(), lateMs };
}

/** How the last stretch went, while the load goes on. */
function recent({ forMs }: Stretch): Recent {
  const now = performance.now();
  const commands = record.since(now - forMs);
  const { failed } = tally(commands);
  // One that waits for its answer has taken at least this long.
  const { p99Ms } = percentiles(commands.map(({ sentAt, answeredAt }) => (answeredAt ?? now) - sentAt));
  return { failed, p99Ms, count: commands.length };
}

function strike({ pids, signal }: Signal): Instant {
  const now = instant();
  for (const pid of pids) process.kill(pid, signal);
  return now;
}

function instant(): Instant {
  return { at: performance.now(), wall: Date.now() };
}

answering({ signIn, start, recent, finish, strike });
