import type { DeathCause, GivenUp } from '@muster/cluster';
import type { Log, Metrics, Millis, PeerId } from '@muster/ports';
import type { Member } from './member.js';

export interface VerdictReportSetup {
  readonly epoch: number;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether a row names it, as owner, backup or learner. */
  readonly isNamed: (peer: PeerId) => boolean;
}

type Judged = Pick<Member, 'info' | 'state'>;

/** It said that it goes, and nothing was left with it: its address refuses before its line in the store is seen to be gone. */
function saidGoodbye({ isNamed }: VerdictReportSetup, { info, state }: Judged, cause: DeathCause | GivenUp): boolean {
  return cause === 'refused' && state === 'draining' && !isNamed(info.peer);
}

export function reportGivenUp(setup: VerdictReportSetup, member: Judged, cause: GivenUp, silentMs: Millis): void {
  const { log, metrics, epoch } = setup;
  const { peer, role } = member.info;
  const level = saidGoodbye(setup, member, cause) ? 'debug' : 'warn';
  log.write(level, 'member.given-up', { peer, role, cause, silentMs, epoch });
  metrics.counter('muster_coordinator_given_up_total', 'Members whose backups may take over').add(1, { role, cause });
}

export function reportDeath(setup: VerdictReportSetup, member: Judged, cause: DeathCause, silentMs: Millis): void {
  const { log, metrics, epoch } = setup;
  const { peer, role } = member.info;
  const left = cause === 'left' || saidGoodbye(setup, member, cause);
  log.write(left ? 'info' : 'warn', left ? 'member.left' : 'member.dead', { peer, role, cause, silentMs, epoch });
  metrics.counter('muster_coordinator_deaths_total', 'Members that were given up').add(1, { role, cause });
}
