import type { PeerId } from '@muster/ports';
import type { Room } from '../membership/room.js';
import type { CommandRouter } from '../routing/call.js';
import type { EventStreams } from '../streams/subscription.js';
import type { RoutingTable } from '../table/routing-table.js';

/** The cluster, as a process sees it that owns nothing: a gateway. `ClusterClient` is the real form. */
export interface ClusterAccess {
  readonly self: PeerId;
  readonly router: CommandRouter;
  readonly streams: EventStreams;
  readonly table: RoutingTable;
  /** Connected players of this process, for the cluster-wide count. */
  setSessions(count: number): void;
  /** Connected players of the whole cluster, as the leader last said. */
  readonly clusterSessions: number;
  /** What the leader last said that the cluster has room for. */
  readonly room: Room;
  /** False until a table has come and every row in it names an owner; and while no coordinator answers. */
  readonly ready: boolean;
}
