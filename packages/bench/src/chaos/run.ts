import { join } from 'node:path';
import { Child } from '../child.js';
import { ChaosCluster } from './chaos-cluster.js';
import type { SignIn } from './clients/crowd.js';
import type { Fault } from './faults/fault.js';
import { Deck } from './faults/plan.js';
import { type LedgerEntry, type RunEntry, readEntries } from './ledger/entries.js';
import { Journal } from './ledger/journal.js';
import { CHAOS } from './options.js';
import { type RoundReport, reportOf } from './report.js';
import { playRound } from './round.js';

/** The two journals of a run's folder; `cluster.log` stands beside them. */
export const LEDGER = 'ledger.jsonl';
export const RUN = 'run.jsonl';

const SIGN_IN_MS = 300_000;
const LEAVE_MS = 60_000;

export interface ChaosRun {
  readonly rounds: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly folder: string;
  readonly interrupted: AbortSignal;
  readonly say: (text: string) => void;
  readonly reported: (report: RoundReport) => 'go on' | 'stop';
}

/** Cluster and clients for all rounds. Everything that was started has ended when it resolves or rejects. */
export async function runChaos(chaos: ChaosRun): Promise<void> {
  const { folder, seed, interrupted, say } = chaos;
  const journal = new Journal<RunEntry>(join(folder, RUN));
  const write = (entry: RunEntry): void => journal.write(entry);
  write({ t: 'run', at: Date.now(), seed, players: CHAOS.players });
  say(
    `chaos: seed ${seed}; a cluster of ${CHAOS.coordinators} coordinators, ${CHAOS.nodes} nodes, ${CHAOS.gateways} gateways in ${folder}`,
  );
  const cluster = await ChaosCluster.start({ folder, write, interrupted });
  const crowd = new Child(new URL('./clients/crowd.js', import.meta.url));
  // Its present question, which may take a minute, fails at once.
  interrupted.addEventListener('abort', () => void crowd.end(), { once: true });
  try {
    interrupted.throwIfAborted();
    await cluster.whole(CHAOS.startMs);
    say(`chaos: ${CHAOS.players} clients sign in`);
    const signIn: SignIn = { ledger: join(folder, LEDGER), gateways: cluster.gateways, players: CHAOS.players };
    const players = await crowd.ask<readonly string[]>('signIn', signIn, SIGN_IN_MS);
    const deck = new Deck(chaos.faults, seed);
    for (let round = 1; round <= chaos.rounds; round += 1) {
      await playRound({ cluster, crowd, deck, players, seed, write, say, interrupted }, round);
      const report = reportOf(
        round,
        folder,
        readEntries<LedgerEntry>(join(folder, LEDGER)),
        readEntries<RunEntry>(join(folder, RUN)),
      );
      if (chaos.reported(report) === 'stop') return;
    }
    await crowd.ask('leave', undefined, LEAVE_MS);
  } finally {
    await crowd.end();
    await cluster.stop();
    journal.close();
  }
}
