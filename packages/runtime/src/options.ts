import { type Millis, MusterError } from '@muster/ports';

/** Limits of one process's actors. */
export interface RuntimeOptions {
  /** Commands that may wait for one actor. Lower: a slow actor pushes back sooner. Higher: bursts are smoothed, at more memory and staler replies. */
  readonly mailboxMax: number;
  /** Answers, due timers and lost subscribers that may wait for one actor: they are owed, so there is more room than for commands. */
  readonly systemLaneMax: number;
  /** Commands handled before others get their turn. Lower: fairer. Higher: fewer turns of the event loop per command. */
  readonly drainMessagesMax: number;
  /** Time after which a drain gives way to others. Lower: fairer, steadier beats. Higher: less overhead per command. */
  readonly drainMs: Millis;
  /** A turn longer than this is counted and logged. Lower: noise from garbage collection. Higher: stalls that delay heartbeats go unseen. */
  readonly slowTurnMs: Millis;
  /** Idle time after which an actor leaves memory, where its kind does not say. Lower: less memory, more restoring. Higher: the reverse. */
  readonly passivateAfterMs: Millis;
  /** Resolution of the timer wheel. Lower: timers fire closer to their time. Higher: fewer wake-ups. Never early either way. */
  readonly wheelTickMs: Millis;
  /** Slots of the wheel; timers beyond one revolution cost a look per revolution. */
  readonly wheelSlots: number;
  /** Replies kept per client session for repeated requests (K11). Lower: less memory. Higher: more pipelined requests survive a lost link. */
  readonly repliesMax: number;
  /** Their size together (K11), by estimate; the newest is kept whatever its size. */
  readonly repliesBytesMax: number;
  /** How long they are kept (K11). Must exceed what a gateway holds a command for, else its repeat comes too late. */
  readonly replyKeepMs: Millis;
  /** Sessions one actor remembers. Above it the least recently heard of is forgotten, and a late repeat of its last request would run again. */
  readonly sessionsMax: number;
  /** Senders (entities) one actor remembers the last command of. Above it as with sessions. */
  readonly sendersMax: number;
  /** How long a silent session or sender is remembered. Lower: less memory. Higher: a sender cut off for longer is still not obeyed twice. */
  readonly rememberMs: Millis;
  /** Unanswered sends of one actor; a turn that would exceed it fails. Bounds what an unreachable receiver costs. */
  readonly outboxMax: number;
  /** First wait before a send is repeated; doubles up to the next. Lower: faster recovery from a lost message. Higher: fewer duplicates. */
  readonly resendFirstMs: Millis;
  /** Longest wait before a send is repeated. Lower: faster when a receiver returns. Higher: less load while it is away. */
  readonly resendMaxMs: Millis;
  /** Timers of one actor; a turn that would exceed it fails. */
  readonly timersMax: number;
  /** Senders of one actor that may wait for deferred replies; a turn that would exceed it is answered MAILBOX_FULL. */
  readonly deferredMax: number;
  /** Publications kept per actor for subscribers that return. Lower: less memory. Higher: fewer snapshots after short breaks. */
  readonly recentMax: number;
  /** Their size together, in characters of JSON. */
  readonly recentCharsMax: number;
  /** How long they are kept after the last subscriber went. Must exceed a link's re-dial, else every break costs snapshots. */
  readonly recentKeepMs: Millis;
  /** Subscriptions to one actor: processes times topics. */
  readonly subscriptionsMax: number;
  /** Actors of adopted shards, of all together, that are woken in one turn of the loop, of which there is one per wheel tick; and those of a shard
   *  that is gone that are taken down in one turn.
   *  Lower: commands are answered sooner after a fail-over, and no beat is late. Higher: timers and sends go on sooner. */
  readonly awakenAtOnceMax: number;
  /** Characters of adopted actors that are looked through in such a turn for timers and unanswered sends. Lower and higher: as above. */
  readonly awakenCharsMax: number;
  /** How long actors of an adopted shard that want to hear of it may be woken by others first. Lower: a burst of work while everybody comes back.
   *  Higher: who lost their listeners together with their process notice it later. */
  readonly adoptedPatienceMs: Millis;
  /** Actors being loaded at a time; others wait. Lower: gentler on the database after a failure. Higher: faster warm-up. */
  readonly loadsMax: number;
  /** A load that takes longer fails its activation (retryable). Must exceed the database's own time-out to see its error. */
  readonly loadMs: Millis;
  /** Commands of services that run at a time in one process. Lower: gentler on the database. Higher: fewer wait while it is slow; more than its
   *  connections only wait there instead of here. */
  readonly servicesAtOnceMax: number;
  /** Those that wait for that. Above it they are refused (retryable), so actors repeat their sends. Lower: less memory. Higher: bursts are smoothed. */
  readonly serviceWaitingMax: number;
  /** How long one may take; then its sender asks again. Must exceed the database's own time-out to see its error. */
  readonly serviceMs: Millis;
  /** Times an actor may be dropped for a broken state within the window before it is put in quarantine. */
  readonly restartsMax: number;
  /** Window of the restart budget. */
  readonly restartWindowMs: Millis;
  /** How long an actor in quarantine refuses commands (retryable) before it is tried again. */
  readonly quarantineMs: Millis;
}

export const RUNTIME_DEFAULTS: RuntimeOptions = {
  mailboxMax: 1_024,
  systemLaneMax: 8_192,
  drainMessagesMax: 64,
  drainMs: 2,
  slowTurnMs: 50,
  passivateAfterMs: 60_000,
  wheelTickMs: 10,
  wheelSlots: 1_024,
  repliesMax: 256,
  repliesBytesMax: 8_192,
  replyKeepMs: 10_000,
  sessionsMax: 1_024,
  sendersMax: 4_096,
  rememberMs: 900_000,
  outboxMax: 4_096,
  resendFirstMs: 50,
  resendMaxMs: 1_000,
  timersMax: 256,
  deferredMax: 1_024,
  recentMax: 256,
  recentCharsMax: 65_536,
  recentKeepMs: 30_000,
  subscriptionsMax: 4_096,
  awakenAtOnceMax: 256,
  awakenCharsMax: 2_097_152,
  adoptedPatienceMs: 1_000,
  loadsMax: 64,
  loadMs: 5_000,
  servicesAtOnceMax: 64,
  serviceWaitingMax: 4_096,
  serviceMs: 10_000,
  restartsMax: 5,
  restartWindowMs: 60_000,
  quarantineMs: 30_000,
};

/** Defaults with `changes`. @throws MusterError BAD_CONFIG for values that cannot work together. */
export function runtimeOptions(changes: Partial<RuntimeOptions> = {}): RuntimeOptions {
  const options = { ...RUNTIME_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isFinite(value) || value <= 0) throw bad(`${name} must be positive, not ${value}`);
  }
  if (options.resendMaxMs < options.resendFirstMs) throw bad('resendMaxMs is below resendFirstMs');
  if (options.systemLaneMax < options.outboxMax + options.timersMax)
    throw bad('systemLaneMax must hold an answer to every send and every timer (outboxMax + timersMax)');
  if (options.rememberMs < options.replyKeepMs) throw bad('rememberMs is below replyKeepMs');
  return options;
}

function bad(problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `runtime: ${problem}` });
}
