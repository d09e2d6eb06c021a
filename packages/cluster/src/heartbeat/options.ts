import { type Millis, MusterError } from '@muster/ports';

/** Of both sides: members and coordinators must be given the same values. */
export interface HeartbeatOptions {
  /** Every member beats to every coordinator this often.
   *  Lower: the leader knows more recent loads, for more messages. Higher: a missed beat costs more of `selfFenceMs`. */
  readonly beatMs: Millis;
  /** Without a good acknowledgement for this long, counted from the sending of the beat that got the last one, a member freezes its
   *  ungated actors. Lower: a short trouble among coordinators already stops actors. Higher: `placeAgainMs` has to grow with it. */
  readonly selfFenceMs: Millis;
  /** Silence after which a member is suspected and probed. Lower: ordinary garbage collections are suspected.
   *  Higher: a machine that lost its power is asked for later. */
  readonly suspectMs: Millis;
  /** Silence after which a member's replicated shards go to their backups, and it is nobody's backup any more. Ten beats survive the garbage collections seen so far.
   *  Lower: a stalled loop is mistaken for death more often. Higher: clients of a hung node wait longer. */
  readonly silentMs: Millis;
  /** Silence after which a member counts as dead and its ungated shards are placed again. At least `selfFenceMs` + `fenceMarginMs`,
   *  or two owners run at once. Higher: clients of a hung node wait longer. */
  readonly placeAgainMs: Millis;
  /** What two clocks may differ in over `selfFenceMs`, and a freeze may take. Lower: two owners may overlap. Higher: `placeAgainMs` grows. */
  readonly fenceMarginMs: Millis;
  /** A member without a link, or suspected, is probed this often. Lower: more dials to something that is gone. Higher: a death is sure later. */
  readonly probeEveryMs: Millis;
  /** Where the leader's own dial is refused, its witnesses get this long to say the same. With their word the death is sure and one
   *  transaction settles everything; without it only replicated shards go to their backups. At most what two loop turns of a busy
   *  witness take. Higher: after a double failure the backups take over later. */
  readonly witnessMs: Millis;
  /** Witnesses that have not answered by now do not count in this round. Longer than one probe takes. */
  readonly probeRoundMs: Millis;
  /** A registered member that has never beaten is given up after this. Lower: a slow start is taken for death. Higher: its name is listed longer. */
  readonly joinPatienceMs: Millis;
  /** An observer whose own loop was this late does not count that time as the silence of others.
   *  Lower: verdicts are put off more often. Higher: a stalled observer accuses. */
  readonly stallMs: Millis;
  /** Nodes that fall silent within this time of each other fell silent together. Lower: a trouble of the observer that shows in its members
   *  one after the other is taken for their deaths. Higher: deaths that have nothing to do with each other are put off. */
  readonly massWindowMs: Millis;
  /** Where more than half of the nodes fell silent together, so much silence of each is waited for (never less than `placeAgainMs`)
   *  before the first of them is believed to be dead. Lower: a machine that was merely busy loses its nodes. Higher: players wait longer where most machines really hang. */
  readonly massPatienceMs: Millis;
  /** Added to the silence that a node is allowed, once, after it was given much to do at once.
   *  Lower: the busy second after a fail-over is taken for the next death. Higher: a node that dies of its work is replaced later. */
  readonly ladenMercyMs: Millis;
}

export const HEARTBEAT_DEFAULTS: HeartbeatOptions = {
  beatMs: 100,
  selfFenceMs: 1_500,
  suspectMs: 300,
  silentMs: 1_000,
  placeAgainMs: 2_000,
  fenceMarginMs: 500,
  probeEveryMs: 250,
  witnessMs: 30,
  probeRoundMs: 500,
  joinPatienceMs: 10_000,
  stallMs: 100,
  massWindowMs: 2_000,
  massPatienceMs: 10_000,
  ladenMercyMs: 1_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming what makes no sense. */
export function heartbeatOptions(changes: Partial<HeartbeatOptions> = {}): HeartbeatOptions {
  const options = { ...HEARTBEAT_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    require(value > 0, `heartbeat: ${name} is more than 0, not ${value}`);
  const { beatMs, suspectMs, silentMs, placeAgainMs, selfFenceMs, fenceMarginMs } = options;
  require(2 * beatMs <= suspectMs, 'heartbeat: suspectMs allows for one missed beat: at least 2 × beatMs');
  require(suspectMs < silentMs && silentMs <= placeAgainMs, 'heartbeat: suspectMs < silentMs ≤ placeAgainMs');
  require(3 * beatMs <= selfFenceMs, 'heartbeat: selfFenceMs allows for two missed beats: at least 3 × beatMs');
  require(selfFenceMs + fenceMarginMs <=
    placeAgainMs, 'heartbeat: placeAgainMs is at least selfFenceMs + fenceMarginMs');
  return options;
}

function require(holds: boolean, details: string): void {
  if (!holds) throw new MusterError('BAD_CONFIG', { details });
}
