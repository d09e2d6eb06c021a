import { MusterError } from '@muster/ports';

/** Tunables of connected autohosts and of the index by which matches find one. */
export interface AutohostOptions {
  /** How long an autohost keeps updates for a server that is away; it is gone for good, with its battles, after that.
   *  Lower: battles are given up that could still be followed. Higher: it refuses to replay from so long ago. Existing autohosts keep 600 s. */
  readonly replayWindowMs: number;
  /** Safety margin within that window: clocks differ. Lower: a slow clock makes the autohost refuse. Higher: less is replayed after a long silence. */
  readonly replayMarginMs: number;
  /** How long a connection that nobody is known to hold may prove itself, after it was made or after this actor moved, before it counts as lost.
   *  Lower: an autohost seems away while its gateway is slow. Higher: another connection of the same bot is kept out longer. */
  readonly unconfirmedMs: number;
  /** An autohost that says it runs no battle is believed after this time, and what it ran is over. Above `startMs`: a battle that is being
   *  started is not counted yet. Lower: a count that came late ends battles. Higher: players of a restarted autohost stay in dead battles. */
  readonly orphanMs: number;
  /** Longest that it may take to start an engine. Lower: slow machines are given up. Higher: players wait longer for the next host. */
  readonly startMs: number;
  /** Longest that any other request may take, a reconnect included. */
  readonly commandMs: number;
  /** An update that claims to be so much later than now is a lie: believed, it would hide all that follow.
   *  Lower: autohosts whose clocks are wrong lose their updates. Higher: one wrong time hides more. */
  readonly aheadMaxMs: number;
  /** Updates of one battle that wait for its match. Lower: the autohost is slowed down sooner. Higher: more replicated state. */
  readonly newsQueuedMax: number;
  /** Battles of one autohost that are followed. Lower: big machines are not used up. Higher: more state in one actor. */
  readonly battlesMax: number;
  /** Requests of ours that one autohost may owe answers to. */
  readonly requestsMax: number;
  /** Chat rooms that one autohost is in at a time. Lower: it hears less. Higher: more state in one actor. */
  readonly roomsMax: number;
  /** Battles that were given up and are to be killed should they show up. */
  readonly lostKept: number;
  /** How often an autohost reports its load to the index, beside every change, and for how long an index that went on elsewhere says that it may not
   *  know all. Lower: it is complete sooner. Higher: less traffic. */
  readonly reportMs: number;
  /** Age of a report above which the index forgets the autohost. A few times `reportMs`. */
  readonly reportKeepMs: number;
  /** Autohosts in one region's index. */
  readonly poolMax: number;
  /** Idle time after which the actor leaves memory. */
  readonly passivateAfterMs: number;
}

export const AUTOHOST_DEFAULTS: AutohostOptions = {
  replayWindowMs: 600_000,
  replayMarginMs: 30_000,
  unconfirmedMs: 10_000,
  orphanMs: 60_000,
  startMs: 20_000,
  commandMs: 30_000,
  aheadMaxMs: 3_600_000,
  newsQueuedMax: 512,
  battlesMax: 256,
  requestsMax: 1_024,
  roomsMax: 8,
  lostKept: 64,
  reportMs: 5_000,
  reportKeepMs: 16_000,
  poolMax: 2_000,
  passivateAfterMs: 60_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function autohostOptions(changes: Partial<AutohostOptions> = {}): AutohostOptions {
  const options = { ...AUTOHOST_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1) throw bad(`${name} is ${value}: a positive integer is needed`);
  }
  if (options.replayMarginMs >= options.replayWindowMs) throw bad('replayMarginMs is below replayWindowMs');
  if (options.orphanMs <= options.startMs)
    throw bad('orphanMs is above startMs: a battle that starts is not counted yet');
  if (options.reportKeepMs <= 2 * options.reportMs)
    throw bad('reportKeepMs is above two reportMs: one report may be late');
  return options;
}

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `autohost.${details}` });
}
