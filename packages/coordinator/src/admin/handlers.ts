import { MusterError } from '@muster/ports';
import type { Regime } from '../regime.js';
import type { AccountOrders } from './accounts.js';
import type { Audit } from './audit.js';
import type { AdminResults } from './documents.js';
import type { Followers } from './events.js';
import type { Instructions } from './instructions.js';
import type { Orders } from './orders.js';
import type { Retirements } from './retirements.js';
import type { AdminHandler } from './service.js';
import type { Views } from './views.js';

export interface AdminParts {
  readonly views: Views;
  /** @throws MusterError NOT_LEADER */
  readonly leading: () => Regime;
  readonly followers: Followers;
  readonly retirements: Retirements;
  readonly orders: Orders;
  readonly instructions: Instructions;
  readonly accounts: AccountOrders;
  readonly audit: Audit;
}

/** A handler for every command, each answering with its document. */
export function adminHandlers({
  views,
  leading,
  followers,
  retirements,
  orders,
  instructions,
  accounts,
  audit,
}: AdminParts) {
  return {
    status: () => views.status(leading()),
    'node.list': () => views.nodeList(leading()),
    'node.show': ({ node }) => views.nodeShow(leading(), node),
    'shard.list': ({ node }) => views.shardList(leading(), node),
    'shard.show': ({ shard }) => views.shardShow(leading(), shard),
    'entity.show': ({ entity }) => views.entityShow(leading(), entity),
    'entity.tell': async (args, { peer }) => {
      const told = await instructions.tell(leading(), args, peer);
      return { epoch: views.epochShow().epoch, ...told };
    },
    'epoch.show': () => {
      leading();
      return views.epochShow();
    },
    'coordinator.list': () => {
      leading();
      return views.coordinatorList();
    },
    'events.follow': (_, { peer }) => {
      leading();
      if (!followers.add(peer)) throw new MusterError('TOO_MANY_REQUESTS', { max: followers.max });
      return { epoch: views.epochShow().epoch, following: true };
    },
    'node.drain': ({ node }) => orders.node(leading(), node, 'draining'),
    'node.undrain': ({ node }) => orders.node(leading(), node, 'up'),
    'node.cordon': ({ node }) => orders.node(leading(), node, 'cordoned'),
    'node.uncordon': ({ node }) => orders.node(leading(), node, 'up'),
    'node.forget': ({ node }) => orders.nodeForget(leading(), node),
    'node.give-up': ({ node }) => orders.nodeGiveUp(leading(), node),
    'audit.list': async ({ max }) => {
      leading();
      return { epoch: views.epochShow().epoch, entries: await audit.list(max) };
    },
    'shard.move': ({ shard, to }) => orders.shardMove(leading(), shard, to),
    'entity.move': ({ entity, to }) => orders.entity(leading(), 'move', entity, to),
    'entity.pin': ({ entity, to }) => orders.entity(leading(), 'pin', entity, to),
    'entity.unpin': ({ entity }) => orders.entity(leading(), 'unpin', entity, undefined),
    'entity.list': () => views.entityList(leading()),
    'rebalance.plan': () => orders.rebalancePlan(leading()),
    'rebalance.run': () => orders.rebalanceRun(leading()),
    'move.list': () => orders.moveList(leading()),
    'process.restart': ({ peer }, from, glass) =>
      glass ? retirements.askAlone(peer, from.peer) : retirements.ask(leading(), peer, from.peer),
    'account.show': ({ account }) => {
      leading();
      return accounts.show(account);
    },
    'account.ban': ({ account, forMs, reason }, from) => {
      leading();
      return accounts.ban(account, forMs, reason, from.peer);
    },
    'account.unban': ({ account }, from) => {
      leading();
      return accounts.unban(account, from.peer);
    },
    'account.roles': ({ account, roles }) => {
      leading();
      return accounts.roles(account, roles);
    },
    'report.list': ({ about, before, max }) => {
      leading();
      return accounts.reports(about, before, max);
    },
  } satisfies {
    readonly [C in keyof AdminResults]: (
      ...given: Parameters<AdminHandler>
    ) => AdminResults[C] | Promise<AdminResults[C]>;
  };
}
