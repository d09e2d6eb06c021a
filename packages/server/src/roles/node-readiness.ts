import type { StorageHealth } from '@muster/cluster';
import type { Millis } from '@muster/ports';
import type { ReadyCheck } from '../admin/admin-server.js';

/** What a node says of itself. */
export interface NodeStanding {
  /** It knows the whole table and reaches the leader. */
  readonly knowsTable: boolean;
  readonly owned: number;
  readonly state: 'up' | 'cordoned' | 'draining';
  /** It has stopped its ungated actors for want of a good acknowledgement. */
  readonly frozen: boolean;
  /** Undefined: it has none. */
  readonly storage: StorageHealth | undefined;
}

/** Storage is meant to be a second behind at most; this is more than a slow disk or a busy moment. */
const BEHIND_MS: Millis = 5_000;

/** Whether a node is of use, part by part. A node that is not ready serves on where it can: this is for those who look, and who restart. */
export function nodeChecks({ knowsTable, owned, state, frozen, storage }: NodeStanding): readonly ReadyCheck[] {
  return [
    { name: 'table', ok: knowsTable, detail: knowsTable ? `owns ${owned} shards` : 'no whole table yet, or no leader' },
    { name: 'member', ok: !frozen && state !== 'draining', detail: memberDetail(state, frozen) },
    ...(storage ? storageChecks(storage) : []),
  ];
}

function memberDetail(state: NodeStanding['state'], frozen: boolean): string {
  if (frozen) return 'frozen: no coordinator has acknowledged it for too long';
  return state === 'draining' ? 'draining: it hands off what it has' : state;
}

function storageChecks({ awayMs, behindMs, waitingChars, loadingShards }: StorageHealth): readonly ReadyCheck[] {
  const isBehind = behindMs > BEHIND_MS;
  const seconds = (ms: Millis): string => `${(ms / 1_000).toFixed(1)} s`;
  const behind = `${seconds(behindMs)} behind, ${waitingChars} characters wait`;
  return [
    {
      name: 'state',
      ok: loadingShards === 0,
      detail: loadingShards === 0 ? 'every shard is loaded' : `${loadingShards} shards are being loaded`,
    },
    {
      name: 'shard storage',
      ok: awayMs === 0 && !isBehind,
      detail: awayMs > 0 ? `has not answered for ${seconds(awayMs)}; ${behind}` : behind,
    },
  ];
}
