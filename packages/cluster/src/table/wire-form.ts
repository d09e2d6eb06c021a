import { type PeerId, type Role, type ShardLayout, shardId, term } from '@muster/ports';
import type { MemberInit, RowInit, Table, TableInit } from '@muster/wire';
import { type MemberInfo, type MemberState, rowOrigin, type ShardRow, type TableUpdate } from './routing-table.js';

const NO_OVERRIDE = 0xffff_ffff;
const STATES: readonly string[] = ['up', 'cordoned', 'draining', 'suspect', 'dead'] satisfies MemberState[];

/** A table update as it is pushed. */
export function tableToWire(update: TableUpdate): TableInit {
  return {
    revision: update.revision,
    full: update.full,
    rows: update.rows.map(rowToWire),
    overrides: update.overrides.map(({ entity, shard }) => ({ entity, shard: shard ?? NO_OVERRIDE })),
    members: update.members?.map(memberToWire) ?? [],
    membersChanged: update.members !== undefined,
  };
}

/** Rows of shards that do not exist are left out: the sender's layout was compared when the link came up. */
export function tableFromWire(table: Table, layout: ShardLayout): TableUpdate {
  const update: TableUpdate = {
    revision: table.revision,
    full: table.full,
    rows: table.rows.filter((row) => layout.has(row.shard)).map(rowFromWire),
    overrides: table.overrides.map(({ entity, shard }) => ({
      entity,
      shard: shard === NO_OVERRIDE ? null : shardId(shard),
    })),
  };
  return table.membersChanged ? { ...update, members: table.members.map(memberFromWire) } : update;
}

function rowToWire({ sure = false, atLarge = false, since = term(0), ...row }: ShardRow): RowInit {
  const state = row.state === 'stable' ? '' : row.state;
  return { ...row, state, origin: row.origin === 'placed' ? '' : row.origin, sure, atLarge, since };
}

function rowFromWire(row: Table['rows'][number]): ShardRow {
  return {
    shard: shardId(row.shard),
    owner: row.owner as PeerId | '',
    origin: rowOrigin(row.origin),
    backup: row.backup as PeerId | '',
    learner: row.learner as PeerId | '',
    term: term(row.term),
    state: row.state === 'moving' ? 'moving' : 'stable',
    move: row.move,
    ...(row.sure && { sure: true }),
    ...(row.atLarge && { atLarge: true }),
    ...(row.since > 0 && { since: term(row.since) }),
  };
}

function memberToWire({ role, peer, address, state, zone, build }: MemberInfo): MemberInit {
  return { role, peer, address, state, zone, build };
}

function memberFromWire({ role, peer, address, state, zone, build }: Table['members'][number]): MemberInfo {
  return {
    role: role as Role,
    peer: peer as PeerId,
    address,
    state: (STATES.includes(state) ? state : 'up') as MemberState,
    zone,
    build,
  };
}
