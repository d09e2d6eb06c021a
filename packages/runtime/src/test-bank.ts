import {
  type CommitLog,
  type CommitLogs,
  type EntityRef,
  entity,
  MemoryCommitLog,
  MemoryMetrics,
  type Millis,
  memoryCommitLogs,
  SeededRandom,
  type ShardId,
  shardId,
  silentLog,
  silentTracer,
  type Term,
  type TurnRecord,
  term,
  VirtualClock,
} from '@muster/ports';
import type { Answer, AnyActorKind, Json } from './actor.js';
import { defineActor, event } from './define.js';
import type { Adoption, Delivery, DeliveryOrigin, OutboundSend, Outcome, PublishedEvent } from './host.js';
import { InlineScheduler } from './inline-scheduler.js';
import type { RuntimeOptions } from './options.js';
import { ActorRuntime } from './runtime.js';
import type { AnyServiceKind } from './service.js';

/** The actor that this package's tests play with: it uses everything an actor may use. */
export interface AccountCommands {
  readonly deposit: { readonly data: { readonly amount: number }; readonly reply: number };
  readonly withdraw: { readonly data: { readonly amount: number }; readonly reply: number };
  readonly balance: { readonly data: null; readonly reply: number };
  readonly transfer: {
    readonly data: { readonly to: string; readonly amount: number; readonly command?: string };
    readonly reply: null;
  };
  readonly transferred: { readonly data: Answer; readonly reply: null };
  readonly remind: { readonly data: { readonly name: string; readonly at: Millis | null }; readonly reply: null };
  readonly reminded: { readonly data: { readonly name: string }; readonly reply: null };
  readonly wait: { readonly data: null; readonly reply: string };
  readonly release: { readonly data: { readonly word: string }; readonly reply: null };
  readonly fail: { readonly data: null; readonly reply: null };
  readonly break: { readonly data: null; readonly reply: null };
  readonly gone: { readonly data: { readonly subscriber: string }; readonly reply: null };
}

export interface AccountEvents {
  readonly moved: { readonly amount: number };
  readonly noted: { readonly text: string };
  readonly waiting: { readonly ticket: string | null };
  readonly broke: { readonly why: string };
}

export interface Account {
  balance: number;
  notes: string[];
  waiting: string | null;
}

export const account = defineActor<Account, AccountCommands, AccountEvents>('account', {
  durability: 'replicated',
  version: 1,
  initial: (_id, seed) => ({ balance: typeof seed === 'number' ? seed : 0, notes: [], waiting: null }),
  blank: (state) => state.balance === 0 && state.notes.length === 0,
  decide: {
    deposit: (_state, { amount }) => ({ events: [event('moved', { amount })], reply: (state) => state.balance }),
    withdraw(state, { amount }) {
      if (amount > state.balance) return { refuse: { reason: 'insufficient' } };
      return { events: [event('moved', { amount: -amount })], reply: (after) => after.balance };
    },
    balance: (state) => ({ reply: state.balance }),
    transfer: (_state, { to, amount, command = 'deposit' }) => ({
      events: [event('moved', { amount: -amount })],
      sends: [{ to: entity('account', to), command, data: { amount }, answer: 'transferred', context: { amount } }],
    }),
    transferred: (_state, answer) => ({
      events: [event('noted', { text: `${answer.from.id} ${answer.ok ? `has ${answer.value}` : answer.code}` })],
    }),
    remind: (_state, { name, at }) => ({
      timers: [at === null ? { name, at } : { name, at, command: 'reminded', data: { name } }],
    }),
    reminded: (_state, { name }, { now }) => ({ events: [event('noted', { text: `${name} at ${now}` })] }),
    wait: (_state, _data, { ticket }) => ({ events: [event('waiting', { ticket })], defer: true }),
    release(state, { word }) {
      if (state.waiting === null) return {};
      const resolve = [{ ticket: state.waiting, reply: word }];
      return { events: [event('waiting', { ticket: null })], resolve };
    },
    fail() {
      throw new Error('a rule that fails');
    },
    break: () => ({ events: [event('moved', { amount: 1_000 }), event('broke', { why: 'asked to' })] }),
    gone: (_state, { subscriber }) => ({ events: [event('noted', { text: `${subscriber} is gone` })] }),
  },
  evolve: {
    moved(state, { amount }) {
      state.balance += amount;
    },
    noted(state, { text }) {
      state.notes.push(text);
    },
    waiting(state, { ticket }) {
      state.waiting = ticket;
    },
    broke(_state, { why }) {
      throw new Error(why);
    },
  },
  publish: {
    moved: (state) => [{ topic: 'balance', name: 'changed', data: { balance: state.balance } }],
    noted: (_state, { text }) => [{ topic: 'notes', name: 'noted', data: { text } }],
  },
  topics: { balance: (state) => ({ balance: state.balance }), notes: (state) => state.notes },
  subscriberLost: { notes: 'gone' },
});

/** A log whose records become durable only when told to. */
export class HeldLog extends MemoryCommitLog {
  readonly records: TurnRecord[] = [];
  private readonly waiting: { readonly position: number; readonly run: () => void }[] = [];
  private durable = 0;
  holding: boolean;

  /** `holding`: from the beginning, what an owner finds there too. */
  constructor(holding = false) {
    super();
    this.holding = holding;
    if (holding) this.durable = -1;
  }

  override append(record: TurnRecord): number {
    // As a log that ships records does: what they hold may change with the next turn.
    this.records.push(JSON.parse(JSON.stringify(record)) as TurnRecord);
    const position = super.append(record);
    if (!this.holding) this.durable = position;
    return position;
  }

  override onDurable(position: number, run: () => void): void {
    if (position <= this.durable && this.waiting.length === 0) super.onDurable(position, run);
    else this.waiting.push({ position, run });
  }

  letGo(): void {
    this.durable = this.end;
    for (const { position, run } of this.waiting.splice(0)) super.onDurable(position, run);
  }
}

export const SHARD = shardId(7);
/** Open for nobody, until a test opens it. */
export const SOLO = shardId(1_030);
export const TERM = term(3);

export interface Bank {
  readonly clock: VirtualClock;
  readonly runtime: ActorRuntime;
  readonly metrics: MemoryMetrics;
  readonly replies: { readonly to: DeliveryOrigin; readonly outcome: Outcome }[];
  readonly sends: OutboundSend[];
  readonly published: { readonly subscriber: string; readonly event: PublishedEvent }[];
  readonly log: HeldLog;
  readonly soloLog: HeldLog;
  /** What a log calls when turns may go on. */
  go(): void;
  /** Delivers a client's command without letting it run. */
  post(command: string, data: unknown, how?: Posting): void;
  /** Delivers it, lets it run, and returns its answer. */
  ask(command: string, data?: unknown, how?: Posting): Promise<unknown>;
  state(id?: string): Json | undefined;
}

export interface Posting {
  readonly shard?: ShardId;
  readonly to?: string;
  readonly session?: string;
  readonly request?: number;
  readonly answered?: number;
  readonly deadline?: Millis;
  readonly raw?: string;
  readonly kind?: string;
  readonly origin?: DeliveryOrigin;
}

export interface BankParts {
  readonly kinds?: readonly AnyActorKind[];
  readonly services?: readonly AnyServiceKind[];
  readonly options?: Partial<RuntimeOptions>;
  readonly clock?: VirtualClock;
  /** What the shard goes on from. */
  readonly adoption?: Adoption;
  /** Nothing is durable before `log.letGo()`. */
  readonly holding?: boolean;
  /** In which it is open; 3 unless told. */
  readonly term?: Term;
  /** Where sends go; default: they are only collected. */
  readonly carry?: (send: OutboundSend, bank: Bank) => void;
  readonly checkFence?: (bank: Bank) => void;
}

/** A runtime on a virtual clock with shard 7 open. */
export function openBank({
  kinds = [account],
  services,
  options,
  clock = new VirtualClock(),
  carry,
  checkFence,
  adoption,
  holding,
  term: openIn = TERM,
}: BankParts = {}): Bank {
  const metrics = new MemoryMetrics();
  const [replies, sends, published]: [Bank['replies'], Bank['sends'], Bank['published']] = [[], [], []];
  const log = new HeldLog(holding);
  const soloLog = new HeldLog();
  let go = (): void => undefined;
  const logs: CommitLogs = {
    open(shard, t, resume): CommitLog {
      if (shard === SOLO) return soloLog;
      if (shard !== SHARD || t !== openIn) return memoryCommitLogs.open(shard, t, resume);
      go = resume;
      return log;
    },
  };
  const runtime = new ActorRuntime({
    clock,
    random: new SeededRandom(1),
    scheduler: new InlineScheduler(clock),
    kinds,
    services,
    logs,
    outlet: {
      reply: (to, _shard, _term, outcome) => void replies.push({ to, outcome }),
      send(send) {
        sends.push(send);
        carry?.(send, bank);
      },
      publish: (subscriber, publishedEvent) => void published.push({ subscriber, event: publishedEvent }),
    },
    metrics,
    log: silentLog,
    tracer: silentTracer,
    checkFence: () => checkFence?.(bank),
    ...(options && { options }),
  });
  runtime.open(SHARD, openIn, adoption);
  let requests = 0;
  const bank: Bank = {
    clock,
    runtime,
    metrics,
    replies,
    sends,
    published,
    log,
    soloLog,
    go: () => go(),
    post(command, data, how = {}) {
      requests += 1;
      runtime.deliver(how.shard ?? SHARD, delivery(command, data, { request: requests, ...how }));
    },
    async ask(command, data = null, how = {}) {
      const before = replies.length;
      bank.post(command, data, how);
      await clock.advance(0);
      const outcome = replies[before]?.outcome;
      if (!outcome) return undefined;
      return outcome.ok ? JSON.parse(outcome.json) : [outcome.code, outcome.details];
    },
    state(id = 'a') {
      const shown = runtime.inspect(SHARD, ref(id)) as { readonly state?: Json } | undefined;
      return shown?.state;
    },
  };
  return bank;
}

export function ref(id: string, kind = 'account'): EntityRef {
  return entity(kind, id);
}

function delivery(command: string, data: unknown, how: Posting): Delivery {
  const { to = 'a', session = 'g#1/1', request = 1, answered = 0, deadline = Infinity, raw, kind } = how;
  const origin = how.origin ?? { type: 'client', session, request, answered, replyTo: 'g#1', caller: 'alice' };
  return {
    entity: ref(to, kind),
    command,
    data: Buffer.from(raw ?? JSON.stringify(data)),
    origin,
    deadline,
    cause: `${session}:${request}`,
    trace: '',
  };
}
