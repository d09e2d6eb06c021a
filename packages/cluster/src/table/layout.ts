import {
  type Epoch,
  MusterError,
  type PeerId,
  parsePeerId,
  SHARD_HASH,
  SHARDS,
  SHARDS_PER_PAGE,
  type ShardId,
  type ShardLayout,
  shardId,
  term,
} from '@muster/ports';
import { emptyRow, type RowState, rowOrigin, type ShardRow } from './routing-table.js';

/** Keys of one cluster in the store. Values are JSON, so that `etcdctl get --prefix /muster/` reads like a report. */
export interface StoreKeys {
  readonly root: string;
  readonly meta: string;
  readonly epoch: string;
  readonly shards: string;
  readonly overrides: string;
  readonly audit: string;
  /** What operators want of single entities, until it is so. */
  readonly orders: string;
  /** Incarnations of nodes that were given up for dead, as a list: none of them may come back (K3). */
  readonly buried: string;
  members(role: 'coordinator' | 'node' | 'gateway' | 'relay'): string;
  page(page: number): string;
  /** How the cluster is cut. */
  readonly layout: ShardLayout;
  /** `kind/id` */
  override(entity: string): string;
  /** `kind/id` */
  order(entity: string): string;
}

export function storeKeys(cluster: string, layout = SHARDS): StoreKeys {
  const root = `/muster/${cluster}/`;
  return {
    root,
    meta: `${root}meta`,
    epoch: `${root}epoch`,
    shards: `${root}shards/`,
    overrides: `${root}overrides/`,
    audit: `${root}audit/`,
    orders: `${root}orders/`,
    buried: `${root}buried`,
    members: (role) => `${root}${role}s/`,
    page: (page) => `${root}shards/${String(page).padStart(2, '0')}`,
    layout,
    override: (entity) => `${root}overrides/${entity}`,
    order: (entity) => `${root}orders/${entity}`,
  };
}

/** Written once; a process with other values refuses to join. */
export interface ClusterMeta {
  readonly shards: number;
  /** An entity's shard is the hash of its key (`kind/id`) modulo this. */
  readonly hashed: number;
  readonly hash: string;
  readonly schema: number;
  /** Identity of the storage that the cluster shares. Absent: written by an older build, or without storage. */
  readonly storage?: string;
}

export function clusterMeta({ count, hashed }: ShardLayout): ClusterMeta {
  return { shards: count, hashed, hash: SHARD_HASH, schema: 1 };
}

/** The regime of truth. */
export interface EpochRecord {
  readonly epoch: Epoch;
  readonly leader: PeerId;
  /** Unique per attempt: after an unknown outcome it tells whether this one won (K2). */
  readonly attempt: string;
  /** ISO 8601, for people. */
  readonly since: string;
}

/** A process, under its plain id, on a lease. */
export interface MemberRecord {
  readonly address: string;
  readonly incarnation: string;
  readonly state: 'up' | 'cordoned' | 'draining';
  readonly zone: string;
  readonly build: string;
  /** A gateway's URL for clients; absent where it is not known from outside, and for everybody else. */
  readonly client?: string;
}

/** A page: 32 rows, one line each, so that a person can read who owns what. */
export function formatPage(rows: readonly ShardRow[]): string {
  const lines = rows.map((row) => {
    const { shard, owner, backup, learner, state, move, sure, atLarge, since } = row;
    const origin = row.origin === 'placed' ? undefined : row.origin;
    return JSON.stringify({ shard, owner, origin, backup, learner, term: row.term, since, state, move, sure, atLarge });
  });
  return `[\n${lines.join(',\n')}\n]`;
}

/** @throws MusterError STORE_MISMATCH where the text is not a page of this cluster's shape. */
export function parsePage(page: number, text: string): ShardRow[] {
  const rows = parseJson(`page ${page}`, text);
  if (!Array.isArray(rows) || rows.length !== SHARDS_PER_PAGE)
    throw mismatch(`page ${page} without ${SHARDS_PER_PAGE} rows`);
  return rows.map((row: Record<string, unknown>, i) => {
    const shard = page * SHARDS_PER_PAGE + i;
    if (row?.shard !== shard || typeof row.term !== 'number')
      throw mismatch(`page ${page}, row ${i}: ${JSON.stringify(row)}`);
    return {
      shard: shardId(shard),
      owner: text_(row.owner) as PeerId,
      origin: rowOrigin(row.origin),
      backup: text_(row.backup) as PeerId,
      learner: text_(row.learner) as PeerId,
      term: term(row.term),
      state: row.state === 'moving' ? 'moving' : ('stable' satisfies RowState),
      move: text_(row.move),
      ...(row.sure === true && { sure: true }),
      ...(row.atLarge === true && { atLarge: true }),
      ...(typeof row.since === 'number' && row.since > 0 && { since: term(row.since) }),
    };
  });
}

/** Where an entity is that is not where it hashes to (K1). */
export interface Override {
  readonly shard: ShardId;
  /** An operator wants it to stay: balance leaves it where it is. */
  readonly pinned: boolean;
}

export function formatOverride({ shard, pinned }: Override): string {
  return JSON.stringify({ shard, ...(pinned && { pinned }) });
}

/** @throws MusterError STORE_MISMATCH where the text names no solo shard. */
export function parseOverride(entity: string, text: string, layout: ShardLayout): Override {
  const found = parseJson(`the override of ${entity}`, text) as { readonly shard?: unknown; readonly pinned?: unknown };
  const { shard, pinned } = found ?? {};
  if (!layout.has(shard) || layout.isHashed(shard)) throw mismatch(`the override of ${entity}: ${text.slice(0, 64)}`);
  return { shard, pinned: pinned === true };
}

/** @throws MusterError STORE_MISMATCH where the text is no list of processes. */
export function parseBuried(text: string): PeerId[] {
  const peers = parseJson('the list of the buried', text);
  if (!Array.isArray(peers) || !peers.every((peer) => typeof peer === 'string'))
    throw mismatch('a list of the buried that is none');
  return peers as PeerId[];
}

export function emptyPage(page: number): ShardRow[] {
  return Array.from({ length: SHARDS_PER_PAGE }, (_, i) => emptyRow(shardId(page * SHARDS_PER_PAGE + i) as ShardId));
}

export function pageNumbers({ pages }: ShardLayout): number[] {
  return Array.from({ length: pages }, (_, page) => page);
}

/** @throws MusterError STORE_MISMATCH */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw mismatch(`${what} that is not JSON`);
  }
}

/** The member's key and value for a peer. */
export function memberValue(peer: PeerId, member: Omit<MemberRecord, 'incarnation'>): string {
  return JSON.stringify({
    address: member.address,
    incarnation: parsePeerId(peer).incarnation,
    state: member.state,
    zone: member.zone,
    build: member.build,
    ...(member.client ? { client: member.client } : {}),
  });
}

function text_(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function mismatch(found: string): MusterError {
  return new MusterError('STORE_MISMATCH', { found, mine: `pages of ${SHARDS_PER_PAGE} rows, ${SHARD_HASH}` });
}
