import type { Peers, Registered } from '@muster/cluster';
import { ADMIN_EPOCH, type Clock, type Log, type Millis, MusterError, type PeerId, parsePeerId } from '@muster/ports';
import type { Regime } from '../regime.js';
import type { ProcessRestartDocument } from './documents.js';

interface Candidate {
  readonly role: ProcessRestartDocument['role'];
  readonly peer: PeerId;
}

const ANSWER_MS: Millis = 100;

export interface RetirementsSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly log: Log;
  readonly coordinators: () => readonly Registered[];
  /** Highest epoch known to this coordinator. */
  readonly epoch: () => number;
  /** This very process is the one that is to end. */
  readonly retire: (by: string) => void;
}

/**
 * Restarts of single processes: the leader asks the process to hand off and to end with exit code 0; whoever started it starts it again.
 * The leader keeps nothing of it. A request that got lost is asked for again by the operator, who waits for another run of the same name;
 * a leader that dies in between has asked or has not, and asking twice is the same as once.
 */
export class Retirements {
  private readonly setup: RetirementsSetup;

  constructor(setup: RetirementsSetup) {
    this.setup = setup;
    // Coordinators obey whoever leads them, as members do.
    setup.peers.on('retire', (from, { body, epoch }) => {
      if (from.role === 'coordinator' && epoch >= setup.epoch()) setup.retire(body.by);
    });
  }

  /** @throws MusterError NOT_FOUND, UNREACHABLE (no link to it at the moment) */
  ask(regime: Regime, wanted: unknown, by: string): ProcessRestartDocument {
    const { epoch } = this.setup;
    const found = this.find(regime, typeof wanted === 'string' ? wanted : '');
    this.send(found.peer, by, epoch());
    return { epoch: epoch(), accepted: true, role: found.role, peer: found.peer };
  }

  /** Break glass: whoever leads, or nobody. It goes at the admin epoch, which is older than none. @throws MusterError NOT_FOUND, UNREACHABLE */
  askAlone(wanted: unknown, by: string): ProcessRestartDocument {
    const { peers, epoch } = this.setup;
    const linked = [peers.self, ...peers.linked()];
    const found = linked.find(
      ({ role, peer }) => isRetirable(role) && (peer === wanted || parsePeerId(peer).id === wanted),
    );
    if (!found) throw new MusterError('NOT_FOUND', { what: `process ${String(wanted).slice(0, 64)}` });
    this.send(found.peer, by, ADMIN_EPOCH);
    return { epoch: epoch(), accepted: true, role: found.role as Candidate['role'], peer: found.peer };
  }

  private send(peer: PeerId, by: string, at: number): void {
    const { clock, peers, retire, log } = this.setup;
    log.write('info', 'process.restart-asked', { peer, by });
    // Its own end comes a little later: the answer goes through this process.
    if (peer === peers.self.peer) clock.after(ANSWER_MS, () => retire(by));
    else if (!peers.send(peer, 'control', { type: 'retire', epoch: at, body: { by } }))
      throw new MusterError('UNREACHABLE', { peer });
  }

  private find(regime: Regime, text: string): Candidate {
    const members = regime.roster.all().map(({ info }) => ({ role: info.role as Candidate['role'], peer: info.peer }));
    const coordinators = this.setup.coordinators().map(({ peer }) => ({ role: 'coordinator' as const, peer }));
    const all = [...coordinators, ...members];
    const found = all.find(({ peer }) => peer === text || parsePeerId(peer).id === text);
    if (!found) throw new MusterError('NOT_FOUND', { what: `process ${text.slice(0, 64)}` });
    return found;
  }
}

function isRetirable(role: string): role is Candidate['role'] {
  return role === 'coordinator' || role === 'node' || role === 'gateway';
}
