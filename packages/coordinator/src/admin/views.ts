import type { Registered, ShardRow, StoreKeys } from '@muster/cluster';
import {
  codeOf,
  type Millis,
  MusterError,
  type PeerId,
  pageOf,
  parseEntity,
  parsePeerId,
  type ShardId,
} from '@muster/ports';
import type { Election } from '../election.js';
import type { Headroom } from '../headroom.js';
import type { HeardLoads } from '../heard-loads.js';
import type { Member } from '../member.js';
import type { Regime } from '../regime.js';
import type { StoreHealth } from '../store-health.js';
import { countShards } from '../table-changes.js';
import type {
  CoordinatorDocument,
  CoordinatorListDocument,
  EntityListDocument,
  EntityShowDocument,
  EpochShowDocument,
  HeadroomDocument,
  MemberDocument,
  NodeListDocument,
  NodeShowDocument,
  ShardCounts,
  ShardDocument,
  ShardListDocument,
  ShardShowDocument,
  StatusDocument,
} from './documents.js';
import type { Inspections } from './inspections.js';
import { storageProblems } from './storage-problems.js';

/** How many shards a process has, and as what. */
type Held = Pick<MemberDocument, 'shards' | 'backups' | 'learners'>;

/** What a leader's documents are made of. */
export interface ViewSources {
  readonly cluster: string;
  readonly keys: StoreKeys;
  readonly election: Election;
  readonly loads: HeardLoads;
  readonly health: StoreHealth;
  readonly inspections: Inspections;
  readonly coordinators: () => readonly Registered[];
  /** See the option of this name. */
  readonly expectCoordinators: number;
  readonly now: () => Millis;
}

/** A drain or a move that is not over by then is told. */
const SLOW_DRAIN_MS = 30_000;
const SLOW_MOVE_MS = 10_000;

const REFUSED = {
  opportunistic: 'opportunistic load',
  soft: 'opportunistic and soft load',
  queue: 'new sessions: they wait',
} as const;

/** The admin API's documents, from what a leader knows. Each is one moment's view. */
export class Views {
  private readonly from: ViewSources;

  constructor(sources: ViewSources) {
    this.from = sources;
  }

  status(regime: Regime): StatusDocument {
    const { cluster, election, health, loads } = this.from;
    const { epoch, leader, vice } = election.state;
    const shards = this.counts(regime);
    const nodes = this.members(regime, 'node');
    const gateways = this.members(regime, 'gateway');
    const problems = this.problems(regime, shards, nodes);
    const up = (members: readonly MemberDocument[]) => members.filter(({ state }) => state === 'up').length;
    return {
      cluster,
      healthy: problems.length === 0,
      problems,
      epoch,
      leader,
      vice,
      since: election.epochRecord?.since ?? '',
      store: { reachable: health.reachable, answeredAgoMs: Math.round(health.answeredAgoMs) },
      nodes: { up: up(nodes), total: nodes.length },
      gateways: { up: up(gateways), total: gateways.length },
      shards,
      sessions: loads.sessions(),
      actors: loads.actors(),
      headroom: headroomDocument(regime.steering.headroom),
      revision: regime.ledger.revision,
    };
  }

  nodeList(regime: Regime): NodeListDocument {
    const { epoch } = this.from.election.state;
    return { epoch, nodes: this.members(regime, 'node'), gateways: this.members(regime, 'gateway') };
  }

  /** @throws MusterError NOT_FOUND, INVALID_REQUEST (several nodes fit) */
  nodeShow(regime: Regime, wanted: unknown): NodeShowDocument {
    const node = this.findNode(regime, wanted);
    const rows = regime.ledger.rows();
    const having = (role: 'owner' | 'backup' | 'learner') =>
      rows.flatMap((row) => (row[role] === node.peer ? [row.shard] : []));
    const { epoch } = this.from.election.state;
    return { epoch, node, owns: having('owner'), backs: having('backup'), learns: having('learner') };
  }

  /** @throws MusterError as `nodeShow` */
  shardList(regime: Regime, node: unknown): ShardListDocument {
    const peer = node === undefined ? undefined : this.findNode(regime, node).peer;
    const rows = regime.ledger
      .rows()
      .filter((row) => (peer ? row.owner === peer : row.owner !== '' || regime.ledger.layout.isHashed(row.shard)));
    return { epoch: this.from.election.state.epoch, counts: this.counts(regime), shards: rows.map(shardDocument) };
  }

  /** @throws MusterError NOT_FOUND */
  shardShow(regime: Regime, shard: unknown): ShardShowDocument {
    if (!regime.ledger.layout.has(shard))
      throw new MusterError('NOT_FOUND', { what: `shard ${String(shard).slice(0, 32)}` });
    const row = regime.ledger.row(shard);
    const { loads, keys, election } = this.from;
    return {
      epoch: election.state.epoch,
      shard: shardDocument(row),
      ownerAddress: regime.roster.get(row.owner)?.info.address ?? '',
      backupAddress: regime.roster.get(row.backup)?.info.address ?? '',
      occupied: row.owner === '' ? null : (loads.isOccupied(row.owner, row.shard) ?? null),
      storeKey: keys.page(pageOf(row.shard)),
    };
  }

  /** @throws MusterError INVALID_ENTITY */
  async entityShow(regime: Regime, text: unknown): Promise<EntityShowDocument> {
    const entity = parseEntity(typeof text === 'string' ? text : '');
    const { election, inspections } = this.from;
    const { orders } = regime.entities;
    const name = `${entity.kind}/${entity.id}`;
    const row = regime.ledger.row(orders.shardOf(name));
    const { shard, owner, term, backup } = row;
    const ownerAddress = regime.roster.get(owner)?.info.address ?? '';
    const where = {
      epoch: election.state.epoch,
      entity: name,
      shard,
      home: orders.homeOf(name),
      pinned: regime.ledger.overrides.get(name)?.pinned ?? false,
      owner,
      ownerAddress,
      term,
      backup,
    };
    if (owner === '') return { ...where, actor: null, actorError: 'NO_OWNER' };
    try {
      return { ...where, actor: await inspections.ask(owner, entity, shard), actorError: '' };
    } catch (error) {
      const code = codeOf(error) ?? 'ACTOR_FAILED';
      // It is not activated: that is an answer.
      return { ...where, actor: null, actorError: code === 'NOT_FOUND' ? '' : code };
    }
  }

  entityList(regime: Regime): EntityListDocument {
    const { ledger, entities } = regime;
    const list = [...ledger.overrides.all()].map(([entity, { shard, pinned }]) => {
      const { owner, backup } = ledger.row(shard);
      return { entity, shard, home: entities.orders.homeOf(entity), pinned, owner, backup };
    });
    const { epoch } = this.from.election.state;
    return { epoch, entities: list.sort((a, b) => a.shard - b.shard), max: ledger.layout.count - ledger.layout.hashed };
  }

  epochShow(): EpochShowDocument {
    const { election } = this.from;
    const { epoch, leader, why } = election.state;
    const record = election.epochRecord;
    const goodForMs = Math.round(election.goodForMs());
    return { epoch, leader, since: record?.since ?? '', attempt: record?.attempt ?? '', reason: why, goodForMs };
  }

  coordinatorList(): CoordinatorListDocument {
    const { election, coordinators } = this.from;
    const { epoch, leader, vice } = election.state;
    const documents = coordinators().map(({ id, peer, record }): CoordinatorDocument => {
      const { address, zone, build } = record;
      const role = peer === leader ? 'leader' : peer === vice ? 'vice' : 'standby';
      return { id, peer, address, role, zone, build, ackAgoMs: rounded(election.ackAgoMs(peer)) };
    });
    return { epoch, coordinators: documents };
  }

  private problems(regime: Regime, shards: ShardCounts, nodes: readonly MemberDocument[]): string[] {
    const { election, health, expectCoordinators } = this.from;
    const problems: string[] = [];
    if (!health.reachable) problems.push('The cluster store does not answer: nothing can be moved or placed.');
    if (health.full) problems.push('The cluster store has no room: nothing can be moved, placed or failed over.');
    if (election.state.vice === '' && expectCoordinators > 1)
      problems.push('There is no vice: nobody would take over from the leader.');
    if (regime.homeless > 0) problems.push(`${regime.homeless} shards wait for an owner.`);
    else if (shards.unowned > 0) problems.push(`${shards.unowned} shards have no owner.`);
    problems.push(...this.unfinished(regime));
    const alone = shards.owned - shards.backed;
    const up = nodes.filter(({ state }) => state === 'up').length;
    // A single node has nobody to copy to.
    if (alone > 0 && up >= 2) problems.push(`${alone} shards have no second place.`);
    const doubtful = nodes.filter(({ state }) => state === 'suspect' || state === 'silent');
    if (doubtful.length > 0) problems.push(`Not heard: ${doubtful.map(({ id }) => id).join(', ')}.`);
    const frozen = nodes.filter((node) => node.frozen);
    if (frozen.length > 0) problems.push(`Frozen: ${frozen.map(({ id }) => id).join(', ')}.`);
    problems.push(...storageProblems(nodes));
    return problems;
  }

  /** What is under way for longer than it should be. */
  private unfinished(regime: Regime): string[] {
    const now = this.from.now();
    const problems = regime.roster.leaving().flatMap((peer) => {
      const rows = regime.ledger.rows().filter(({ owner }) => owner === peer).length;
      const since = regime.roster.get(peer)?.since ?? now;
      if (rows === 0 || now - since < SLOW_DRAIN_MS) return [];
      return [
        `${parsePeerId(peer).id} has been draining for ${Math.round((now - since) / 1_000)} s and owns ${rows} shards.`,
      ];
    });
    const silent = silentPairs(regime);
    if (silent.shards > 0)
      problems.push(
        `${silent.shards} shards wait for ${silent.ids.join(', ')}: nobody else may answer for them until one of each two is heard, or surely ended.`,
      );
    const stuck = regime.moves.all().filter(({ begun }) => now - begun >= SLOW_MOVE_MS);
    if (stuck.length > 0) problems.push(`${stuck.length} moves take long: musterctl move list.`);
    // A solo shard that nobody lives in waits for nobody.
    const { ledger, entities } = regime;
    const isInUse = (shard: ShardId) => ledger.layout.isHashed(shard) || entities.isCarved(shard);
    const parked = ledger.rows().filter(({ owner, term, shard }) => owner === '' && term > 0 && isInUse(shard)).length;
    if (parked > 0) problems.push(`${parked} shards are in storage and wait for a node.`);
    const { level } = regime.steering.headroom;
    if (level !== 'open') problems.push(`There is no room for ${REFUSED[level]}.`);
    return problems;
  }

  private counts(regime: Regime): ShardCounts {
    const { hashed: total } = regime.ledger.layout;
    const { owned, backed, learning } = countShards(regime.ledger.rows(), regime.ledger.layout);
    return { total, owned, unowned: total - owned, moving: regime.moving, backed, learning };
  }

  private members(regime: Regime, role: 'node' | 'gateway'): MemberDocument[] {
    const held = new Map<string, Held>();
    const of = (peer: string): Held => held.get(peer) ?? { shards: 0, backups: 0, learners: 0 };
    for (const { owner, backup, learner } of regime.ledger.rows()) {
      held.set(owner, { ...of(owner), shards: of(owner).shards + 1 });
      held.set(backup, { ...of(backup), backups: of(backup).backups + 1 });
      held.set(learner, { ...of(learner), learners: of(learner).learners + 1 });
    }
    return regime.roster
      .all()
      .filter(({ info }) => info.role === role)
      .map((member) => this.memberDocument(member, role, of(member.info.peer)))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  private memberDocument({ info, watch, state }: Member, role: 'node' | 'gateway', held: Held): MemberDocument {
    const { peer, address, zone, build } = info;
    const heard = this.from.loads.get(peer);
    const beat = heard?.beat;
    return {
      id: parsePeerId(peer).id,
      peer,
      role,
      address,
      state: watch.phase === 'up' ? state : watch.phase,
      zone,
      build,
      beatAgoMs: heard ? Math.round(this.from.now() - heard.at) : null,
      sessions: beat?.sessions ?? 0,
      actors: beat?.actors ?? 0,
      ...held,
      loopLagMs: beat?.loopLagMs ?? 0,
      utilisation: beat?.utilisation ?? 0,
      rssBytes: beat?.rssBytes ?? 0,
      frozen: beat?.frozen ?? false,
      storageAwayMs: beat?.storageAwayMs ?? 0,
    };
  }

  private findNode(regime: Regime, wanted: unknown): MemberDocument {
    const text = typeof wanted === 'string' ? wanted : '';
    const nodes = this.members(regime, 'node');
    const exact = nodes.find(({ id, peer }) => id === text || peer === text);
    const fitting =
      exact || text === '' ? [] : nodes.filter(({ id, peer }) => id.startsWith(text) || peer.startsWith(text));
    if (fitting.length > 1) {
      const details = `${text} fits ${fitting.map(({ id }) => id).join(', ')}`;
      throw new MusterError('INVALID_REQUEST', { details });
    }
    const found = exact ?? fitting[0];
    if (!found) throw new MusterError('NOT_FOUND', { what: `node ${text.slice(0, 64)}` });
    return found;
  }
}

function shardDocument({ shard, owner, backup, learner, term, state, move }: ShardRow): ShardDocument {
  return { shard, owner, backup, learner, term, state, move };
}

/** Shards whose owner and backup are both silent, and neither surely dead: the two may be cut off together (K9). */
function silentPairs({ ledger, roster }: Regime): { readonly shards: number; readonly ids: readonly string[] } {
  const isSilent = (peer: PeerId | '') => peer !== '' && !roster.isAlive(peer) && !roster.isProvenDead(peer);
  const rows = ledger.rows().filter(({ owner, backup }) => isSilent(owner) && isSilent(backup));
  const ids = new Set(rows.flatMap(({ owner, backup }) => [parsePeerId(owner).id, parsePeerId(backup).id]));
  return { shards: rows.length, ids: [...ids].sort() };
}

function headroomDocument({ level, used, target, admitPerSecond }: Headroom): HeadroomDocument {
  return { level, used, target, admitPerSecond: level === 'queue' ? admitPerSecond : 0 };
}

function rounded(ms: Millis | null): Millis | null {
  return ms === null ? null : Math.round(ms);
}

/** Where an operator has to ask instead. */
export function notLeader(self: PeerId, leader: string, coordinators: readonly Registered[]): MusterError {
  const address = coordinators.find(({ peer }) => peer === leader)?.record.address ?? '';
  return new MusterError('NOT_LEADER', { peer: self, leader, address });
}
