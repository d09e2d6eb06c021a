import { parsePeerId, type ShardId } from '@muster/ports';
import type { Fleet, Member } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import { CoordinatorRole } from '../roles/coordinator.js';
import { NodeRole } from '../roles/node.js';

/** Invariant 4: what is not yet as it should be once everything is healed; empty: desired = reported. */
export function unsettled(fleet: Fleet, view: StoreView): readonly string[] {
  const wrong: string[] = [];
  for (const id of fleet.ids()) {
    const member = fleet.get(id);
    if (!member?.started || member.process.state !== 'running') wrong.push(`${id} does not serve`);
  }
  if (!view.isPlaced) wrong.push('shards without an owner in the store');
  wrong.push(...leadership(fleet, view), ...ownership(fleet, view), ...solos(fleet, view));
  for (const member of fleet.living()) wrong.push(...tableOf(member, view));
  return wrong;
}

function leadership(fleet: Fleet, view: StoreView): readonly string[] {
  const leaders = fleet
    .living('coordinator')
    .filter(({ running }) => running instanceof CoordinatorRole && running.leads);
  const wrong = leaders.map(({ process }) => process.peer).filter((peer) => peer !== view.leader);
  if (wrong.length > 0) return [`${wrong.join()} believe that they lead, ${view.leader} does`];
  return leaders.length === 1 ? [] : [`nobody leads; the store says ${view.leader}`];
}

function ownership(fleet: Fleet, view: StoreView): readonly string[] {
  for (let shard = 0 as ShardId; shard < view.layout.hashed; shard = (shard + 1) as ShardId) {
    const row = view.row(shard);
    if (!row || row.owner === '') return [`shard ${shard} has no owner`];
    const member = fleet.get(parsePeerId(row.owner).id);
    if (member?.process.peer !== row.owner) return [`shard ${shard} belongs to ${row.owner}, which does not run`];
    const open = member.running instanceof NodeRole ? member.running.termOf(shard) : undefined;
    if (open !== row.term) return [`shard ${shard} term ${row.term} is not open at ${row.owner} (${open ?? 'closed'})`];
    const backed = row.backup !== '' && fleet.get(parsePeerId(row.backup).id)?.process.peer === row.backup;
    if (!backed && fleet.ids('node').length > 1) return [`shard ${shard} has no backup that runs: ${row.backup}`];
  }
  return [];
}

/** K1: every entity's own shard is served, and nobody keeps a solo shard that nobody is in. */
function solos(fleet: Fleet, view: StoreView): readonly string[] {
  for (const [entity, { shard }] of view.overrides) {
    const { owner = '', term } = view.row(shard) ?? {};
    if (owner === '') return [`${entity} is in shard ${shard}, which has no owner`];
    const { process, running } = fleet.get(parsePeerId(owner).id) ?? {};
    const open = process?.peer === owner && running instanceof NodeRole ? running.termOf(shard) : undefined;
    if (open !== term) return [`${entity}'s shard ${shard} term ${term} is not open at ${owner}`];
  }
  for (const { shard, owner } of view.allRows())
    if (!view.layout.isHashed(shard) && owner !== '' && !view.isCarved(shard)) return [`${owner} keeps shard ${shard}`];
  return [];
}

function tableOf({ process, running }: Member, view: StoreView): readonly string[] {
  const wrong: string[] = [];
  if (running.epoch !== view.epoch) wrong.push(`${process.peer} is in epoch ${running.epoch}, not ${view.epoch}`);
  if (running instanceof NodeRole && running.frozen) wrong.push(`${process.peer} is frozen`);
  const { table } = running;
  if (!table) return wrong;
  const { size } = table.allOverrides();
  const knows = [...view.overrides].every(([entity, { shard }]) => table.allOverrides().get(entity) === shard);
  if (size !== view.overrides.size || !knows) wrong.push(`${process.peer} has other overrides than the store`);
  for (const row of view.allRows()) {
    const copy = table.row(row.shard);
    // A store that was wiped has forgotten the terms of solo shards that nobody has.
    if (copy.owner === row.owner && (copy.term === row.term || row.owner === '')) continue;
    wrong.push(
      `${process.peer} believes shard ${row.shard} at ${copy.owner}/${copy.term}, not ${row.owner}/${row.term}`,
    );
    break;
  }
  return wrong;
}
