/** What a command may take and wait for. The command line sets the first; the rest are the same for everybody. */
export interface CliOptions {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly reconnectForMs: number;
  readonly keepAliveMs: number;
  readonly stateLinesMax: number;
  readonly pollMs: number;
  readonly restMs: number;
}

export const defaultCliOptions: CliOptions = {
  /** Longest that one command waits for its answer. Lower: a script hears of trouble sooner. Higher: a take-over ends well.
   *  Above the 5 s for which a coordinator tries to reach the leader, so that it can still say what is wrong. */
  timeoutMs: 6_000,
  /** Longest answer that is read. Lower: a wrong address costs less memory. Higher: larger clusters. All 1,280 shards are about 250 KiB. */
  answerBytesMax: 16 * 1024 * 1024,
  /** First pause before `events --follow` connects again; it doubles. Lower: fewer events are missed. Higher: less noise while nobody leads. */
  reconnectMinMs: 200,
  /** Longest such pause. Lower: fewer events are missed after a long outage. Higher: less load on a cluster that starts. */
  reconnectMaxMs: 2_000,
  /** How long it tries before it gives up. Lower: scripts hear of an outage sooner. Higher: it survives a restart of all coordinators. */
  reconnectForMs: 60_000,
  /** Silence after which the kernel asks whether the other side of an event stream is still there. Lower: a cut is seen sooner. Higher: fewer packets. */
  keepAliveMs: 15_000,
  /** Lines of an actor's state that `entity show` prints; `--json` has all. Lower: the rest stays on the screen. Higher: less often cut. */
  stateLinesMax: 120,
  /** How often a command that waits for the cluster looks. Lower: it goes on sooner. Higher: fewer questions. */
  pollMs: 250,
  /** How long a rollout waits before it begins for a cluster that is not at rest. Lower: it is refused while a node that has just come is given its
   *  share. Higher: trouble that stays is told later. A share of 341 shards takes about two seconds. */
  restMs: 15_000,
};
