import { MusterError } from '@muster/ports';
import type { Regime } from '../regime.js';
import type { AdminResults } from './documents.js';
import type { Followers } from './events.js';
import type { Retirements } from './retirements.js';
import type { AdminHandler } from './service.js';
import type { Views } from './views.js';

/** A handler for every command, each answering with its document. `leading` throws NOT_LEADER. */
export function adminHandlers(views: Views, leading: () => Regime, followers: Followers, retirements: Retirements) {
  return {
    status: () => views.status(leading()),
    'node.list': () => views.nodeList(leading()),
    'node.show': ({ node }) => views.nodeShow(leading(), node),
    'shard.list': ({ node }) => views.shardList(leading(), node),
    'shard.show': ({ shard }) => views.shardShow(leading(), shard),
    'entity.show': ({ entity }) => views.entityShow(leading(), entity),
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
    'process.restart': ({ peer }, from) => retirements.ask(leading(), peer, from.peer),
  } satisfies {
    readonly [C in keyof AdminResults]: (
      ...given: Parameters<AdminHandler>
    ) => AdminResults[C] | Promise<AdminResults[C]>;
  };
}
