/** Everything that bounds a chaos run, in one place. */
export const CHAOS = {
  nodes: 3,
  gateways: 2,
  coordinators: 2,

  /** Lower: too few commands for a round. Higher: one machine plays clients and cluster, and measures itself. */
  players: 200,
  /** Pause of one client between an answer and its next command. Lower: the machine is full before a fault comes. Higher: fewer than 5,000 commands in 30 s. */
  paceMs: 600,
  /** Deadline of one try: what the SDK has as its default. */
  tryTimeoutMs: 10_000,
  /** Pause before a refused command is tried again. */
  tryAgainMs: 250,
  /** How long a player tries one command before it is failed for good. Longer than every time-out of the cluster on the way, added up. */
  giveUpMs: 30_000,
  /** Sign-ins at the same time: each is half a dozen HTTP requests. */
  signInsAtOnce: 10,
  signInTimeoutMs: 60_000,
  /** Histories that are asked for at the same time. */
  historiesAtOnce: 50,
  /** How long all that was acknowledged may take to have come, once nobody sends any more. */
  settleMs: 15_000,
  /** After the last expected message: time for one too many. */
  quietMs: 500,

  roundMinMs: 30_000,
  roundMaxMs: 60_000,
  acknowledgedMin: 5_000,
  /** From the beginning of the load to the first fault. */
  steadyMs: 3_000,
  /** More would leave no time in which nothing is wrong. */
  faultsPerRoundMax: 3,
  /** No further fault is begun so late that it could not heal within the round. */
  lastFaultAtMs: 25_000,
  /** From the end of a fault to a cluster that is whole. Above all time-outs on the way, on a machine that does other things, too. */
  healMs: 60_000,
  /** A process that was killed or told to end serves again within this. */
  restartMs: 40_000,
  startMs: 120_000,
  adminTimeoutMs: 3_000,

  /** Ports of proxies and processes: below the range that Linux takes for outgoing connections, so that nobody has one while its process is away. */
  portFirst: 21_000,
  portLast: 31_999,
} as const;
