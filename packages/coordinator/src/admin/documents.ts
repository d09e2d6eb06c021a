import type { AccountDocument, ReportListDocument } from './account-documents.js';
import type { AuditListDocument, BreakGlass, NodeGiveUpDocument } from './break-glass-documents.js';
import type {
  EntityListDocument,
  EntityOrderDocument,
  EntityOrderState,
  EntityShowDocument,
  EntityTellDocument,
} from './entity-documents.js';

/**
 * What the admin API answers, as JSON: `musterctl`, the console and the tests read these. Peers are `id#incarnation`;
 * ages are "ago" in milliseconds as the answering coordinator's clock sees them, instants are ISO 8601.
 * Stable: fields are added, never renamed.
 */

export type * from './account-documents.js';
export type * from './break-glass-documents.js';
export type * from './entity-documents.js';

/** Commands of the admin API. Their arguments are {@link AdminArguments}, their answers {@link AdminResults}. */
export interface AdminResults {
  status: StatusDocument;
  'node.list': NodeListDocument;
  'node.show': NodeShowDocument;
  'shard.list': ShardListDocument;
  'shard.show': ShardShowDocument;
  'entity.show': EntityShowDocument;
  'entity.tell': EntityTellDocument;
  'epoch.show': EpochShowDocument;
  'coordinator.list': CoordinatorListDocument;
  'events.follow': FollowDocument;
  'process.restart': ProcessRestartDocument;
  'node.drain': NodeOrderDocument;
  'node.undrain': NodeOrderDocument;
  'node.cordon': NodeOrderDocument;
  'node.uncordon': NodeOrderDocument;
  'node.forget': NodeForgetDocument;
  'node.give-up': NodeGiveUpDocument;
  'audit.list': AuditListDocument;
  'shard.move': ShardMoveDocument;
  'entity.list': EntityListDocument;
  'entity.move': EntityOrderDocument;
  'entity.pin': EntityOrderDocument;
  'entity.unpin': EntityOrderDocument;
  'move.list': MoveListDocument;
  'rebalance.plan': RebalanceDocument;
  'rebalance.run': RebalanceDocument & { readonly accepted: true };
  'account.show': AccountDocument;
  'account.ban': AccountDocument;
  'account.unban': AccountDocument;
  'account.roles': AccountDocument;
  'report.list': ReportListDocument;
}

export interface AdminArguments {
  status: Record<string, never>;
  'node.list': Record<string, never>;
  /** A node's plain id, its peer id, or a prefix that fits only one. */
  'node.show': { readonly node: string };
  /** Only the shards of one node, where given. */
  'shard.list': { readonly node?: string };
  'shard.show': { readonly shard: number };
  /** `kind/id` */
  'entity.show': { readonly entity: string };
  /** A command of its kind that takes orders from operators, with its data. Asked once, and never again by itself. */
  'entity.tell': { readonly entity: string; readonly command: string; readonly data?: unknown };
  'epoch.show': Record<string, never>;
  'coordinator.list': Record<string, never>;
  'events.follow': Record<string, never>;
  /** Any process's plain id or peer id. A peer id means that run of it alone. With the credential, any coordinator takes it, whoever leads. */
  'process.restart': { readonly peer: string; readonly breakGlass?: BreakGlass };
  /** Everything goes elsewhere, and nothing comes; the node stays and serves until it owns nothing. */
  'node.drain': { readonly node: string };
  'node.undrain': { readonly node: string };
  /** It keeps what it has, and gets nothing more. */
  'node.cordon': { readonly node: string };
  'node.uncordon': { readonly node: string };
  /** A peer id: that run of the node has ended and never comes back. What it alone had is taken from storage. */
  'node.forget': { readonly node: string };
  /** A peer id: that run of the node is late, and is not waited for any longer. Needs the credential. */
  'node.give-up': { readonly node: string; readonly breakGlass?: BreakGlass };
  /** Newest first. */
  'audit.list': { readonly max?: number };
  'shard.move': { readonly shard: number; readonly to: string };
  /** Entities that live in shards of their own. */
  'entity.list': Record<string, never>;
  /** `kind/id`; into a shard of its own, which is handed over to a node. Balance may move it on. */
  'entity.move': { readonly entity: string; readonly to: string };
  /** … and stays there: only drains and deaths move it. Without `to`: where it is now. */
  'entity.pin': { readonly entity: string; readonly to?: string };
  /** Back to the shard that it hashes to. */
  'entity.unpin': { readonly entity: string };
  'move.list': Record<string, never>;
  'rebalance.plan': Record<string, never>;
  'rebalance.run': Record<string, never>;
  /** A user id or a username. */
  'account.show': { readonly account: string };
  /** For `forMs`, or for good. Who is connected is sent away within seconds. */
  'account.ban': { readonly account: string; readonly reason: string; readonly forMs?: number };
  /** Ends every ban. */
  'account.unban': { readonly account: string };
  /** These and no others; they take effect within seconds where the account is connected. */
  'account.roles': { readonly account: string; readonly roles: readonly string[] };
  /** Newest first; those before the report `before`, about the account `about`. */
  'report.list': { readonly about?: string; readonly before?: string; readonly max?: number };
}

export type AdminCommand = keyof AdminResults;

/** `joining`: registered, and no heartbeat has come yet. */
export type NodeState = 'joining' | 'up' | 'suspect' | 'silent' | 'dead' | 'cordoned' | 'draining';

export interface StatusDocument {
  readonly cluster: string;
  /** No problem is known. */
  readonly healthy: boolean;
  /** What is wrong, for people: one sentence each. */
  readonly problems: readonly string[];
  readonly epoch: number;
  readonly leader: string;
  /** Empty: nobody would take over. */
  readonly vice: string;
  /** When this epoch began. */
  readonly since: string;
  readonly store: StoreDocument;
  readonly nodes: { readonly up: number; readonly total: number };
  readonly gateways: { readonly up: number; readonly total: number };
  readonly shards: ShardCounts;
  /** Connected players of all gateways. */
  readonly sessions: number;
  /** Activated actors of all nodes. */
  readonly actors: number;
  readonly headroom: HeadroomDocument;
  /** Revision of the store at the newest row of the table. */
  readonly revision: number;
}

export interface HeadroomDocument {
  /** open | opportunistic | soft (such load is not begun) | queue (new sessions wait as well) */
  readonly level: 'open' | 'opportunistic' | 'soft' | 'queue';
  /** Mean utilisation of the nodes' event loops, and what it should be at most: one of them may die. */
  readonly used: number;
  readonly target: number;
  /** Sessions that begin per second in the whole cluster, where they queue; else 0. */
  readonly admitPerSecond: number;
}

export interface StoreDocument {
  readonly reachable: boolean;
  /** Since it last answered. */
  readonly answeredAgoMs: number;
}

export interface ShardCounts {
  /** That entities hash to. */
  readonly total: number;
  readonly owned: number;
  readonly unowned: number;
  /** Given up by one node for another at this moment. */
  readonly moving: number;
  /** Owned, with a backup in sync: whichever of the two dies, nothing that was acknowledged is lost. */
  readonly backed: number;
  /** A learner is being brought up to date, beside a backup or in want of one. */
  readonly learning: number;
}

export interface MemberDocument {
  readonly id: string;
  readonly peer: string;
  readonly role: 'node' | 'gateway';
  readonly address: string;
  readonly state: NodeState;
  readonly zone: string;
  readonly build: string;
  /** Null: none came yet. */
  readonly beatAgoMs: number | null;
  readonly sessions: number;
  readonly actors: number;
  /** Shards it owns according to the table. */
  readonly shards: number;
  /** Shards of others that it is the backup of. */
  readonly backups: number;
  /** Shards of others that it is learning, to become their backup. */
  readonly learners: number;
  readonly loopLagMs: number;
  /** Of its event loop, 0…1. */
  readonly utilisation: number;
  readonly rssBytes: number;
  /** It has stopped its ungated actors for want of a good acknowledgement. */
  readonly frozen: boolean;
  /** For how long storage has not answered it; 0: it does, or is not asked. */
  readonly storageAwayMs: number;
}

export interface NodeListDocument {
  readonly epoch: number;
  readonly nodes: readonly MemberDocument[];
  readonly gateways: readonly MemberDocument[];
}

export interface NodeShowDocument {
  readonly epoch: number;
  readonly node: MemberDocument;
  /** Numbers of the shards it owns. */
  readonly owns: readonly number[];
  /** Numbers of the shards it is the backup of. */
  readonly backs: readonly number[];
  /** Numbers of the shards it is learning. */
  readonly learns: readonly number[];
}

export interface ShardDocument {
  readonly shard: number;
  /** Empty: nobody. */
  readonly owner: string;
  readonly backup: string;
  readonly learner: string;
  readonly term: number;
  readonly state: 'stable' | 'moving';
  readonly move: string;
}

export interface ShardListDocument {
  readonly epoch: number;
  readonly counts: ShardCounts;
  readonly shards: readonly ShardDocument[];
}

export interface ShardShowDocument {
  readonly epoch: number;
  readonly shard: ShardDocument;
  /** Where the owner listens, or empty. */
  readonly ownerAddress: string;
  /** Where the backup listens, or empty. */
  readonly backupAddress: string;
  /** Whether the owner says that the shard holds an actor; null where it has not said yet. */
  readonly occupied: boolean | null;
  /** Key of its page in the cluster store. */
  readonly storeKey: string;
}

export interface EpochShowDocument {
  readonly epoch: number;
  readonly leader: string;
  readonly since: string;
  readonly attempt: string;
  /** Why the leader took over. */
  readonly reason: string;
  /** Milliseconds for which the leader's acknowledgements are good (K6); 0: it cannot confirm that it leads. */
  readonly goodForMs: number;
}

export interface CoordinatorDocument {
  readonly id: string;
  readonly peer: string;
  readonly address: string;
  readonly role: 'leader' | 'vice' | 'standby';
  readonly zone: string;
  readonly build: string;
  /** Since it last acknowledged a beat; null: never, or it is the leader itself. */
  readonly ackAgoMs: number | null;
}

export interface CoordinatorListDocument {
  readonly epoch: number;
  readonly coordinators: readonly CoordinatorDocument[];
}

/** The answer to `events.follow`; {@link ClusterEvent}s come after it as AdminEvents until the link ends.
 *  Over HTTP it stands between the events where another leader is followed from now on, and some may be missing. */
export interface FollowDocument {
  readonly epoch: number;
  readonly following: true;
}

/** The process was asked to hand off and to end with exit code 0. It is done when another run of it is registered. */
export interface ProcessRestartDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly role: 'coordinator' | 'node' | 'gateway';
  /** The run that will end. */
  readonly peer: string;
}

/** The node says that it has this state. */
export interface NodeOrderDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly node: string;
  readonly state: 'up' | 'cordoned' | 'draining';
}

/** The node is dead from now on. */
export interface NodeForgetDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly node: string;
  /** Rows that named it, as owner, backup or learner, when it was forgotten. */
  readonly shards: number;
}

/** The move has begun; it ends by itself, one way or the other: `move.list` tells how. A change of the leader aborts it. */
export interface ShardMoveDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly move: string;
  readonly shard: number;
  readonly from: string;
  readonly to: string;
}

/** How a move ended. `moved`: the target owns the shard. */
export interface EndedMove extends Omit<MoveDocument, 'phase'> {
  /** moved | refused | overtaken | source-died | target-died | too-slow | asked | no-answer | not-committed | cancelled */
  readonly end: string;
}

export interface MoveListDocument {
  readonly epoch: number;
  readonly moves: readonly MoveDocument[];
  /** The last that are over under this leader, oldest first. */
  readonly ended: readonly EndedMove[];
  /** Orders for single entities. `phase`: place | hand-off | carve | note, or what it waits for. */
  readonly entities: readonly (EntityOrderState & { readonly phase: string })[];
  /** The last that are over. `end`: done | target-gone | too-slow */
  readonly endedEntities: readonly (EntityOrderState & { readonly end: string })[];
}

export interface RebalanceDocument {
  readonly epoch: number;
  /** Nodes that may get shards; `turns`: seconds of their actors' turns per second; `inUse`: shards that hold actors. */
  readonly nodes: readonly { readonly node: string; readonly turns: number; readonly inUse: number }[];
  /** In the order in which they begin; empty: nobody has more than 1.25 times the mean or less than half of it, or no shard would make it better. */
  readonly moves: readonly {
    readonly shard: number;
    readonly from: string;
    readonly to: string;
    readonly turns: number;
  }[];
}

export interface MoveDocument {
  readonly move: string;
  readonly shard: number;
  readonly from: string;
  readonly to: string;
  /** asked (by an operator) | drain | balance */
  readonly why: 'asked' | 'drain' | 'balance';
  /** marking | catching-up | sealing | committing | clearing */
  readonly phase: string;
}

/** One change of the cluster. */
export type ClusterEvent = { readonly at: string; readonly epoch: number } & (
  | { readonly type: 'leader.elected'; readonly leader: string; readonly reason: string }
  | { readonly type: 'vice.changed'; readonly vice: string }
  | { readonly type: 'member.joined'; readonly role: string; readonly peer: string; readonly address: string }
  | { readonly type: 'member.suspect'; readonly role: string; readonly peer: string }
  | { readonly type: 'member.recovered'; readonly role: string; readonly peer: string }
  /** Its backups may take over, though it is not known to be dead. `why`: refused | silent | ordered (break glass) */
  | { readonly type: 'member.given-up'; readonly role: string; readonly peer: string; readonly why: string }
  /** `why`: refused | silent | replaced | left | forgotten */
  | { readonly type: 'member.dead'; readonly role: string; readonly peer: string; readonly why: string }
  /** Shards of which nobody had a living copy, or that were empty, got owners. `why`: cold-start | dead | join | unowned */
  | {
      readonly type: 'shards.placed';
      readonly why: string;
      readonly shards: number;
      readonly to: Readonly<Record<string, number>>;
    }
  /** Backups are owners now (`to`), of everything that was acknowledged. */
  | { readonly type: 'shards.promoted'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  /** Shards in use were handed off (`to`: to whom). */
  | { readonly type: 'shards.moved'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  /** Nobody was there to take them: they are in storage (`to`: who had them), and are nobody's until a node comes. */
  | { readonly type: 'shards.parked'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  /** An entity left its shard for one of its own, or came home. */
  | {
      readonly type: 'entity.carved';
      readonly entity: string;
      readonly from: number;
      readonly shard: number;
      readonly owner: string;
    }
  /** Shards lost their backups (`to`: whose they were). They answer again when a learner has caught up. */
  | { readonly type: 'backups.lost'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  /** Learners were chosen for shards. */
  | { readonly type: 'backups.learning'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  /** Learners have caught up and are backups now. */
  | { readonly type: 'backups.ready'; readonly shards: number; readonly to: Readonly<Record<string, number>> }
  | { readonly type: 'store.away'; readonly cause: string }
  | { readonly type: 'store.back'; readonly awayMs: number }
);
