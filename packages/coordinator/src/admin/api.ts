import type { Peers, Registered } from '@muster/cluster';
import type { Clock, ClusterStore, Log, Metrics } from '@muster/ports';
import type { Regime } from '../regime.js';
import { AccountOrders, type AccountRecords } from './accounts.js';
import { Audit } from './audit.js';
import { Glass } from './break-glass.js';
import type { Followers } from './events.js';
import { adminHandlers } from './handlers.js';
import type { Instructions } from './instructions.js';
import { Orders } from './orders.js';
import { Retirements } from './retirements.js';
import { serveAdmin } from './service.js';
import { notLeader, type ViewSources, Views } from './views.js';

export interface AdminApiSetup extends ViewSources {
  readonly clock: Clock;
  readonly store: ClusterStore;
  /** See the option of this name. */
  readonly auditMax: number;
  readonly peers: Peers;
  readonly followers: Followers;
  readonly instructions: Instructions;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Undefined: this coordinator does not lead, or has not read the table yet. */
  readonly regime: () => Regime | undefined;
  readonly leads: () => boolean;
  /** Highest epoch known here. */
  readonly epoch: () => number;
  /** Kinds of actors that there are. Absent: nobody has said. */
  readonly kinds?: ReadonlySet<string>;
  /** Absent: this coordinator knows nothing of accounts. */
  readonly records?: AccountRecords;
  /** What an operator has to show who breaks the glass. Absent or empty: nobody may. */
  readonly breakGlass?: string;
  /** This very process is asked to end. */
  readonly retire?: (by: string) => void;
}

/** Serves operators: who asks a coordinator that does not lead is told who does. */
export function openAdmin(setup: AdminApiSetup): void {
  const {
    clock,
    store,
    keys,
    peers,
    election,
    coordinators,
    followers,
    metrics,
    log,
    epoch,
    retire = () => undefined,
  } = setup;
  const others = (): readonly Registered[] => coordinators();
  const leading = (): Regime => {
    const regime = setup.regime();
    if (setup.leads() && regime?.ready) return regime;
    throw notLeader(peers.self.peer, setup.leads() ? '' : election.state.leader, others());
  };
  const views = new Views(setup);
  const retirements = new Retirements({ clock, peers, log, coordinators, epoch, retire });
  const audit = new Audit({ store, clock, prefix: keys.audit, epoch, leads: setup.leads, max: setup.auditMax, log });
  const handlers = adminHandlers({
    views,
    leading,
    followers,
    retirements,
    orders: new Orders(views, setup.kinds),
    instructions: setup.instructions,
    accounts: new AccountOrders(setup.records, clock),
    audit,
  });
  const glass = new Glass({ credential: setup.breakGlass ?? '', metrics, log });
  serveAdmin({ peers, handlers, audit, glass, metrics, log });
}
