import { type Millis, MusterError } from '@muster/ports';

export interface CoordinatorOptions {
  /** Coordinators that this cluster is meant to have: with fewer than two standing, `status` says that nobody would take over.
   *  1: a cluster that is meant to have one only, in one process. Placement does not ask. */
  readonly expectCoordinators: number;
  /** Where nobody owns anything yet, shards are placed when so many nodes have come.
   *  Lower: the first one gets everything and the others wait for shards that nobody uses. Higher: a smaller cluster waits `coldStartMs`. */
  readonly expectNodes: number;
  /** … or when so much time has passed since the first one came. */
  readonly coldStartMs: Millis;
  /** Members and links are looked at this often. Lower: deaths by silence are noticed sooner. Higher: less work. */
  readonly tickMs: Millis;
  /** Owners are compared this often, to give empty shards to whoever has too few. Lower: a joiner gets more sooner. Higher: less work. */
  readonly balanceEveryMs: Millis;
  /** Empty shards that are asked for at once. Lower: a joiner waits longer for its share. Higher: more shards are sealed at one time. */
  readonly releasesMax: number;
  /** An owner that was asked for an empty shard and has not answered by now keeps it. Lower: a busy owner is passed over.
   *  Higher: one that hangs holds up the others of its round. */
  readonly releaseMs: Millis;
  /** The same for a shard that has to be written to storage first, because nobody is there to take it. Lower: a slow storage keeps a node
   *  from ending cleanly. Higher: one shard that cannot be written holds up the others of its round. */
  readonly parkMs: Millis;
  /** Shards in use that a node hands off or takes over at once. Lower: a drain takes longer. Higher: more shards stand still at one time. */
  readonly movesPerNode: number;
  /** Owners are asked for shards only if the store answered this recently: only the store ends a seal (K13).
   *  Lower: one slow answer puts a move off. Higher: shards are sealed for a store that has just gone away, and wait until it is back. */
  readonly sealWithinMs: Millis;
  /** Backups that change their place at once so that each node's are spread over all others. Lower: a joiner gets its share of them later.
   *  Higher: more copying at one time beside the players' commands. */
  readonly copiesMax: number;
  /** A node that gets so many shards or copies with one change of the table may beat late after it (`heartbeat.ladenMercyMs`).
   *  Lower: more deaths are noticed later. Higher: a node that works on a fail-over is taken for dead more often. */
  readonly ladenShards: number;
  /** A member whose report does not fit the table gets it again, this often at most. Lower: rows may be sent twice while they are under way.
   *  Higher: a lost row is missed for longer. */
  readonly pushAgainMs: Millis;
  /** A transaction or read that failed is tried again this soon. Lower: more load on a store in trouble. Higher: a later heal. */
  readonly retryMs: Millis;
  /** For how long a new leader waits for storage to say whether the store was put back (K4). Lower: it begins with a table that it has to take
   *  back where storage is slow. Higher: a take-over takes longer while storage is away. */
  readonly recallMs: Millis;
  /** Dead members that are remembered, to tell them so if they come back. A node that comes back later finds itself without shards. */
  readonly deadMax: number;
  /** How long a node may take to become what an operator asked for: cordoned, draining, up. Lower: a node that is slow to answer is reported
   *  as not having obeyed. Higher: an operator waits longer for one that cannot. */
  readonly wishMs: Millis;
  /** An order for a single entity (move, pin, unpin) that is not carried out by then is given up. Lower: one that has to be copied first over a
   *  slow link fails. Higher: an operator waits longer for what cannot be done. */
  readonly entityOrderMs: Millis;
  /** How long an owner may take to tell an operator about an entity. */
  readonly inspectMs: Millis;
  /** How long an actor may take to carry out an operator's order. Lower: what was obeyed late is taken for unknown. Higher: an operator waits longer. */
  readonly instructMs: Millis;
  /** Questions and orders of operators, each, that wait for an owner at one time. */
  readonly inspectionsMax: number;
  /** Entries of operators' commands that are kept in the cluster store. Lower: less can be looked up. Higher: more of the store is spent on it. */
  readonly auditMax: number;
  /** Operators that follow events at one time. */
  readonly followersMax: number;
}

export const COORDINATOR_DEFAULTS: CoordinatorOptions = {
  expectCoordinators: 2,
  expectNodes: 1,
  coldStartMs: 2_000,
  tickMs: 50,
  balanceEveryMs: 500,
  releasesMax: 256,
  releaseMs: 1_000,
  parkMs: 10_000,
  movesPerNode: 2,
  sealWithinMs: 200,
  copiesMax: 64,
  ladenShards: 32,
  pushAgainMs: 300,
  retryMs: 100,
  recallMs: 300,
  deadMax: 1_024,
  wishMs: 3_000,
  entityOrderMs: 30_000,
  inspectMs: 1_000,
  instructMs: 2_000,
  inspectionsMax: 256,
  auditMax: 10_000,
  followersMax: 64,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function coordinatorOptions(changes: Partial<CoordinatorOptions> = {}): CoordinatorOptions {
  const options = { ...COORDINATOR_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new MusterError('BAD_CONFIG', { details: `coordinator: ${name} is a whole number above 0, not ${value}` });
  return options;
}

/** When shards in use change their owners for the sake of load (balancer.ts). */
export interface BalancerOptions {
  /** Nodes are uneven where the busiest has more than this times the mean. Lower: more moves for less gain.
   *  Higher: one node is slow while others have room. */
  readonly unevenRatio: number;
  /** … or where one has less than this share of the mean: one that has just come. Lower: it stays nearly idle. Higher: one that has a little less
   *  than the others is given more again and again. */
  readonly idleRatio: number;
  /** … and for so long. Lower: bursts move shards. Higher: a lasting load is spread later. */
  readonly unevenMs: Millis;
  /** After a join or a death loads are let settle first. Lower: what has just been placed is moved again. Higher: a joiner helps later. */
  readonly calmMs: Millis;
  /** Of a core: what a shard that holds actors counts for, beside its turns. Lower: where little happens, one node may own all that is in use, and
   *  its death concerns everybody. Higher: how many shards a node has counts for more than how busy they are. */
  readonly inUseTurns: number;
  /** Of a core: a busiest node below this is not worth moving anything for. Lower: noise is balanced. Higher: small clusters stay uneven. */
  readonly idleTurns: number;
  /** Shards in one plan. Lower: several plans, each after `unevenMs`. Higher: more moves on the word of one measurement. */
  readonly planMax: number;
  /** What of a plan has not begun by then is left out, and judged anew. Lower: large plans are cut short. Higher: one shard that cannot move
   *  now keeps the next plan waiting for longer. */
  readonly planMs: Millis;
}

export const BALANCER_DEFAULTS: BalancerOptions = {
  unevenRatio: 1.25,
  idleRatio: 0.5,
  unevenMs: 30_000,
  calmMs: 30_000,
  inUseTurns: 0.0002,
  idleTurns: 0.01,
  planMax: 512,
  planMs: 120_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function balancerOptions(changes: Partial<BalancerOptions> = {}): BalancerOptions {
  const options = { ...BALANCER_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new MusterError('BAD_CONFIG', { details: `balancer: ${name} is above 0, not ${value}` });
  if (options.unevenRatio <= 1)
    throw new MusterError('BAD_CONFIG', { details: `balancer: unevenRatio is above 1, not ${options.unevenRatio}` });
  if (options.idleRatio >= 1)
    throw new MusterError('BAD_CONFIG', { details: `balancer: idleRatio is below 1, not ${options.idleRatio}` });
  return options;
}

/** What is not begun any more when the nodes have much to do (headroom.ts). */
export interface HeadroomOptions {
  /** Of one node alone. Lower: it refuses while it could still do more. Higher: its latency grows before anything is refused. */
  readonly aloneTarget: number;
  /** Above the target for so long: one level up. Lower: bursts refuse people. Higher: an overload is answered later. */
  readonly raiseMs: Millis;
  /** Below the target by a tenth for so long: one level down. Lower: levels flutter. Higher: people wait though there is room. */
  readonly lowerMs: Millis;
  /** Of the target: below this share of it there is room again. Closer to 1: levels flutter. Lower: they stay longer. */
  readonly roomShare: number;
  /** Sessions that begin per second in the whole cluster while they queue, at first. Lower: everybody waits longer. Higher: the load grows on. */
  readonly admitPerSecond: number;
  /** The least and the most that this becomes: it is halved while the load is above the target, and grows while it is below. */
  readonly admitMin: number;
  readonly admitMax: number;
}

export const HEADROOM_DEFAULTS: HeadroomOptions = {
  aloneTarget: 0.85,
  raiseMs: 2_000,
  lowerMs: 10_000,
  roomShare: 0.9,
  admitPerSecond: 50,
  admitMin: 2,
  admitMax: 1_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function headroomOptions(changes: Partial<HeadroomOptions> = {}): HeadroomOptions {
  const options = { ...HEADROOM_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new MusterError('BAD_CONFIG', { details: `headroom: ${name} is above 0, not ${value}` });
  for (const name of ['aloneTarget', 'roomShare'] as const)
    if (options[name] >= 1)
      throw new MusterError('BAD_CONFIG', { details: `headroom: ${name} is below 1, not ${options[name]}` });
  return options;
}
