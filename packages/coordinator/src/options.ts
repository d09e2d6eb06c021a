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
  /** A member whose report does not fit the table gets it again, this often at most. Lower: rows may be sent twice while they are under way.
   *  Higher: a lost row is missed for longer. */
  readonly pushAgainMs: Millis;
  /** A transaction or read that failed is tried again this soon. Lower: more load on a store in trouble. Higher: a later heal. */
  readonly retryMs: Millis;
  /** Dead members that are remembered, to tell them so if they come back. A node that comes back later finds itself without shards. */
  readonly deadMax: number;
  /** How long a node may take to become what an operator asked for: cordoned, draining, up. Lower: a node that is slow to answer is reported
   *  as not having obeyed. Higher: an operator waits longer for one that cannot. */
  readonly wishMs: Millis;
  /** How long an owner may take to tell an operator about an entity. */
  readonly inspectMs: Millis;
  /** Questions of operators that wait for an owner at one time. */
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
  pushAgainMs: 300,
  retryMs: 100,
  deadMax: 1_024,
  wishMs: 3_000,
  inspectMs: 1_000,
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
