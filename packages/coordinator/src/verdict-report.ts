import type { DeathCause, GivenUp, PeerInfo } from '@muster/cluster';
import type { Log, Metrics, Millis } from '@muster/ports';

export interface VerdictReportSetup {
  readonly epoch: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

export function reportGivenUp(
  { log, metrics, epoch }: VerdictReportSetup,
  { peer, role }: PeerInfo,
  cause: GivenUp,
  silentMs: Millis,
): void {
  log.write('warn', 'member.given-up', { peer, role, cause, silentMs, epoch });
  metrics.counter('muster_coordinator_given_up_total', 'Members whose backups may take over').add(1, { role, cause });
}

export function reportDeath(
  { log, metrics, epoch }: VerdictReportSetup,
  { peer, role }: PeerInfo,
  cause: DeathCause,
  silentMs: Millis,
  /** It said that it goes, and nothing was left with it: its address refuses before its line in the store is seen to be gone. */
  saidGoodbye: boolean,
): void {
  const left = cause === 'left' || (cause === 'refused' && saidGoodbye);
  log.write(left ? 'info' : 'warn', left ? 'member.left' : 'member.dead', { peer, role, cause, silentMs, epoch });
  metrics.counter('muster_coordinator_deaths_total', 'Members that were given up').add(1, { role, cause });
}
