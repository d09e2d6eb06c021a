import { SeededRandom } from '@muster/ports';
import type { Child } from '../child.js';
import type { ChaosCluster } from './chaos-cluster.js';
import type { Progress } from './clients/crowd.js';
import type { Fault } from './faults/fault.js';
import type { Deck } from './faults/plan.js';
import { pause } from './faults/victims.js';
import type { RunEntry } from './ledger/entries.js';
import { CHAOS } from './options.js';

const ASK_MS = 10_000;
/** For the tries under way, then for what is overdue. */
const QUIET_MS = CHAOS.giveUpMs + CHAOS.tryTimeoutMs + 2 * CHAOS.settleMs;
const HISTORIES_MS = 300_000;
const POLL_MS = 250;

export interface RoundSetup {
  readonly cluster: ChaosCluster;
  readonly crowd: Child;
  readonly deck: Deck<Fault>;
  readonly players: readonly string[];
  readonly seed: number;
  readonly write: (entry: RunEntry) => void;
  readonly say: (text: string) => void;
  readonly interrupted: AbortSignal;
}

/**
 * One round: load, faults under load, quiet, histories. What happened is in the journals afterwards; whether it was right is not decided here.
 *
 *   whole ── load ── steady ── fault ── whole again ── fault … ── enough time and commands ── quiet ── whole ── histories
 */
export async function playRound(setup: RoundSetup, round: number): Promise<void> {
  const { crowd, write, interrupted } = setup;
  await mustBeWhole(setup, round);
  write({ t: 'round', at: Date.now(), round, phase: 'load' });
  const from = performance.now();
  const elapsed = (): number => performance.now() - from;
  await crowd.ask('begin', { round }, ASK_MS);
  await pause(CHAOS.steadyMs);
  for (let n = 0; n === 0 || (n < CHAOS.faultsPerRoundMax && elapsed() < CHAOS.lastFaultAtMs); n += 1) {
    interrupted.throwIfAborted();
    await inject(setup, round, n);
  }
  const isEnough = async (): Promise<boolean> => {
    const { acknowledged } = await crowd.ask<Progress>('progress', undefined, ASK_MS);
    return elapsed() >= CHAOS.roundMinMs && acknowledged >= CHAOS.acknowledgedMin;
  };
  while (!(await isEnough()) && elapsed() < CHAOS.roundMaxMs) {
    interrupted.throwIfAborted();
    await pause(POLL_MS);
  }
  const { acknowledged } = await crowd.ask<Progress>('quiet', undefined, QUIET_MS);
  write({ t: 'round', at: Date.now(), round, phase: 'quiet' });
  if (acknowledged < CHAOS.acknowledgedMin)
    fails(setup, round, `only ${acknowledged} commands of ${CHAOS.acknowledgedMin} were acknowledged`);
  await mustBeWhole(setup, round);
  await crowd.ask('histories', { round }, HISTORIES_MS);
  write({ t: 'round', at: Date.now(), round, phase: 'checked' });
}

async function inject(setup: RoundSetup, round: number, n: number): Promise<void> {
  const { cluster, deck, players, seed, write, say, interrupted } = setup;
  const fault = deck.next();
  // Of its own, so that what one fault draws does not shift the next one's.
  const random = new SeededRandom(seed * 1_000_003 + round * 101 + n);
  const at = Date.now();
  say(`round ${round}: ${fault.kind}`);
  try {
    const { victims, what, proofs, lostBoth } = await fault.run({ cluster, random, players });
    if (lostBoth) write({ t: 'lost-both', round, ...lostBoth });
    await mustBeWhole(setup, round);
    write({ t: 'fault', at, round, kind: fault.kind, victims, what, proofs, healedMs: Date.now() - at });
  } catch (error) {
    interrupted.throwIfAborted();
    fails(setup, round, `${fault.kind}: ${(error as Error).message}`);
    // The ways are open again, whatever went wrong.
    await cluster.heal();
  }
}

async function mustBeWhole(setup: RoundSetup, round: number): Promise<void> {
  await setup.cluster.whole(CHAOS.healMs).catch((error: Error) => {
    setup.interrupted.throwIfAborted();
    fails(setup, round, error.message);
  });
}

function fails({ write }: RoundSetup, round: number, what: string): void {
  write({ t: 'cluster-violation', at: Date.now(), round, what });
}
