import { entityKey, MusterError, type PeerId, parseEntity, parsePeerId } from '@muster/ports';
import type { EntityOrder, EntityWish } from '../entity-order.js';
import type { Regime } from '../regime.js';
import type { Steering } from '../steering.js';
import type { MemberState } from '../wishes.js';
import type {
  EntityOrderDocument,
  EntityOrderState,
  MoveListDocument,
  NodeForgetDocument,
  NodeGiveUpDocument,
  NodeOrderDocument,
  RebalanceDocument,
  ShardMoveDocument,
} from './documents.js';
import type { Views } from './views.js';

/** What operators tell the leader to do, as against what they ask. Each is accepted once it can not be lost silently, or refused. */
export class Orders {
  private readonly views: Views;
  private readonly kinds: ReadonlySet<string> | undefined;

  /** `kinds`: of actors that there are; undefined: nobody has said. */
  constructor(views: Views, kinds?: ReadonlySet<string>) {
    this.views = views;
    this.kinds = kinds;
  }

  /**
   * The node says that it is `state` now; a drain has begun by then, and `status` and `node.show` tell how far it is.
   * @throws MusterError NOT_FOUND, INVALID_REQUEST, DEADLINE_EXCEEDED (it did not obey: it is silent, or about to end), REFUSED
   */
  async node(regime: Regime, wanted: unknown, state: MemberState): Promise<NodeOrderDocument> {
    const { node, epoch } = this.views.nodeShow(regime, wanted);
    await regime.wishes.ask(node.peer as Parameters<typeof regime.wishes.ask>[0], state);
    return { epoch, accepted: true, node: node.peer, state };
  }

  /**
   * The way out where owner and backup are both silent and nobody can prove their deaths: their shards wait without limit. Only a whole
   * peer id is taken, so that nobody forgets the run that came after. @throws MusterError NOT_FOUND, REFUSED (it is heard)
   */
  nodeForget(regime: Regime, wanted: unknown): NodeForgetDocument {
    const { ledger, roster } = regime;
    const peer = (typeof wanted === 'string' ? wanted : '') as PeerId;
    const shards = ledger.rows().filter(({ owner, backup, learner }) => [owner, backup, learner].includes(peer)).length;
    const member = roster.get(peer);
    const isNode = member ? member.info.role === 'node' : shards > 0;
    if (roster.all().some(({ info }) => parsePeerId(info.peer).id === peer))
      throw new MusterError('INVALID_REQUEST', {
        details: `which run of ${peer}? \`shard list --json\` names them, such as ${peer}#k3xv9`,
      });
    if (peer === '' || !isNode) throw new MusterError('NOT_FOUND', { what: `node ${peer.slice(0, 64)}` });
    if (!roster.forget(peer)) throw refused(`${peer} is ${member ? 'heard' : 'known to be dead'}`);
    return { epoch: this.views.epochShow().epoch, accepted: true, node: peer, shards };
  }

  /**
   * Break glass: its backups take over now, however long its silence would still be waited for (mercy, mass silence). It may live: fence 2 covers
   * that, and its next beat takes it back. @throws MusterError NOT_FOUND, REFUSED (it is heard)
   */
  nodeGiveUp(regime: Regime, wanted: unknown): NodeGiveUpDocument {
    const { ledger, roster } = regime;
    const peer = (typeof wanted === 'string' ? wanted : '') as PeerId;
    if (roster.get(peer)?.info.role !== 'node')
      throw new MusterError('NOT_FOUND', { what: `node ${peer.slice(0, 64)}` });
    const owned = ledger.rows().filter(({ owner }) => owner === peer);
    const backed = owned.filter(({ backup }) => backup !== '' && roster.isWell(backup)).length;
    if (roster.isGivenUp(peer)) throw refused(`${peer} is given up already`);
    roster.giveUp(peer);
    if (!roster.isGivenUp(peer)) throw refused(`${peer} is heard`);
    return { epoch: this.views.epochShow().epoch, accepted: true, node: peer, backed, waiting: owned.length - backed };
  }

  /** Hands a shard off; where it holds nothing the same way. @throws MusterError NOT_FOUND, INVALID_REQUEST, REFUSED */
  shardMove(regime: Regime, shard: unknown, to: unknown): ShardMoveDocument {
    if (!regime.ledger.layout.has(shard))
      throw new MusterError('NOT_FOUND', { what: `shard ${String(shard).slice(0, 32)}` });
    const { epoch } = this.views.epochShow();
    const target = this.target(regime, to);
    const { id } = parsePeerId(target);
    const row = regime.ledger.row(shard);
    if (row.owner === target) throw refused(`${id} owns shard ${shard} already`);
    const move = regime.beginMove(row, target);
    if (move === undefined) {
      const why = row.owner === '' ? 'has no owner' : row.state === 'moving' ? 'moves already' : 'is being copied';
      throw refused(`shard ${shard} ${why}`);
    }
    return { epoch, accepted: true, move, shard: row.shard, from: row.owner, to: target };
  }

  /**
   * Puts an entity into a shard of its own, at a node, to stay there or not; or takes it home. What does not exist yet can be pinned, so that it
   * comes to life where it is wanted; to move it would be a mistake in its name. Accepted once the order is in the store.
   * @throws MusterError INVALID_ENTITY, UNKNOWN_KIND, NOT_FOUND, INVALID_REQUEST, REFUSED, SOLO_SHARDS_TAKEN, STORE_UNAVAILABLE,
   * STORE_OUTCOME_UNKNOWN
   */
  async entity(regime: Regime, wish: EntityWish, entity: unknown, to: unknown): Promise<EntityOrderDocument> {
    const { orders } = regime.entities;
    const { kind, id } = parseEntity(typeof entity === 'string' ? entity : '');
    const name = entityKey({ kind, id });
    if (this.kinds && !this.kinds.has(kind)) throw new MusterError('UNKNOWN_KIND', { kind: kind.slice(0, 64) });
    const wanted = wish === 'pin' && to === undefined ? '' : wish === 'unpin' ? '' : this.target(regime, to);
    const from = orders.shardOf(name);
    if (wish === 'unpin' && from === orders.homeOf(name)) throw refused(`${name.slice(0, 160)} is at home`);
    const shown = await this.views.entityShow(regime, name);
    const exists = shown.actorError === '' ? shown.actor !== null : null;
    if (wish === 'move' && exists === false)
      throw refused(`${name} does not exist: its owner has nothing of it. pin takes what is yet to come`);
    const order = await orders.begin(name, wish, wanted);
    return { epoch: this.views.epochShow().epoch, accepted: true, from, exists, ...orderState(order) };
  }

  /** A node that may get shards. @throws MusterError NOT_FOUND, INVALID_REQUEST, REFUSED */
  private target(regime: Regime, to: unknown): PeerId {
    const { node } = this.views.nodeShow(regime, to);
    const target = regime.roster.targets().find((peer) => peer === node.peer);
    if (!target) throw refused(`${node.id} gets no shards: it is ${node.state}`);
    return target;
  }

  /** What balance would move now, without waiting for a load to last. */
  rebalancePlan(regime: Regime): RebalanceDocument {
    return this.rebalanced(regime.steering.plan());
  }

  /** The same, done: two moves per node at once. */
  rebalanceRun(regime: Regime): RebalanceDocument & { readonly accepted: true } {
    return { ...this.rebalanced(regime.steering.run()), accepted: true };
  }

  private rebalanced({ loads, moves }: ReturnType<Steering['plan']>): RebalanceDocument {
    const { epoch } = this.views.epochShow();
    return { epoch, nodes: loads.map(({ peer, turns, inUse }) => ({ node: peer, turns, inUse })), moves };
  }

  moveList(regime: Regime): MoveListDocument {
    const { moves } = regime;
    const { epoch } = this.views.epochShow();
    const under = moves.all().map(({ state, why }) => {
      const { id: move, row, from, to, phase } = state;
      return { move, shard: row.shard, from, to, why, phase };
    });
    const { orders } = regime.entities;
    const entities = orders.all().map(({ order, phase }) => ({ ...orderState(order), phase }));
    const endedEntities = orders.ended.map((order) => ({ ...orderState(order), end: order.end }));
    return { epoch, moves: under, ended: regime.endedMoves, entities, endedEntities };
  }
}

function orderState({ id, entity, wish, home, solo, to }: EntityOrder): EntityOrderState {
  return { order: id, entity, wish, shard: wish === 'unpin' ? home : solo, to };
}

function refused(reason: string): MusterError {
  return new MusterError('REFUSED', { reason });
}
