import type {
  EndedMove,
  EntityOrderDocument,
  EntityOrderState,
  NodeOrderDocument,
  NodeShowDocument,
  ShardMoveDocument,
} from '@muster/coordinator';
import { type Command, Option } from 'commander';
import type { Asking, Wait } from './asking.js';
import { EXIT, Failure } from './failure.js';
import { duration } from './format/units.js';
import { entityOrderView } from './views/entity-orders.js';
import { moveListView, nodeForgetView, nodeOrderView, rebalanceView, shardMoveView } from './views/moves.js';
import { idOf } from './views/view.js';

/** Longest that `--wait` waits where no time is given: a drain moves everything that a node has. */
const WAIT = '2min';

export interface ArgumentReaders {
  readonly milliseconds: (text: string) => number;
  readonly shardNumber: (text: string) => number;
  readonly entity: (text: string) => string;
}

/** Commands that move things: nodes that are emptied, shards and single entities that go elsewhere. */
export function movingCommands(root: Command, asking: Asking, read: ArgumentReaders): void {
  const wait = (): Option =>
    new Option('--wait [time]', 'until it is done, or this long').argParser(read.milliseconds).preset(WAIT);
  const node = nounOf(root, 'node');
  const order = (verb: 'drain' | 'undrain' | 'cordon' | 'uncordon', what: string): Command =>
    node.command(`${verb} <id>`).description(what);
  order('drain', 'everything it has goes elsewhere, and nothing comes; it stays and serves')
    .addOption(wait())
    .action((id: string, _, at: Command) => asking.order(at, 'node.drain', { node: id }, nodeOrderView, untilEmpty));
  order('undrain', 'it takes shards again').action((id: string, _, at: Command) =>
    asking.show(at, 'node.undrain', { node: id }, nodeOrderView),
  );
  order('cordon', 'it keeps what it has, and gets nothing more').action((id: string, _, at: Command) =>
    asking.show(at, 'node.cordon', { node: id }, nodeOrderView),
  );
  order('uncordon', 'it takes shards again').action((id: string, _, at: Command) =>
    asking.show(at, 'node.uncordon', { node: id }, nodeOrderView),
  );
  node
    .command('forget <peer>')
    .description('that run of a node (its peer id) is dead for good: what waits for it goes on without it')
    .requiredOption('--yes', 'you have seen that it does not run any more')
    .action((peer: string, _, at: Command) => asking.show(at, 'node.forget', { node: peer }, nodeForgetView));
  nounOf(root, 'shard')
    .command('move')
    .argument('<n>', 'its number', read.shardNumber)
    .description('hand a shard over to another node')
    .requiredOption('--to <id>', 'who owns it then')
    .addOption(wait())
    .action((n: number, { to }: { readonly to: string }, at: Command) =>
      asking.order(at, 'shard.move', { shard: n, to }, shardMoveView, untilMoved),
    );
  entityCommands(nounOf(root, 'entity'), asking, read, wait);
  root
    .command('rebalance')
    .description('hand shards over from busy nodes to idle ones, by the time that their turns take')
    .option('--dry-run', 'only say what would move', false)
    .action(({ dryRun }: { readonly dryRun: boolean }, at: Command) =>
      dryRun
        ? asking.show(at, 'rebalance.plan', {}, rebalanceView('would move'))
        : asking.show(at, 'rebalance.run', {}, rebalanceView('move')),
    );
  root
    .command('move')
    .description('shards on their way')
    .command('list')
    .description('what moves now, and what moved last')
    .action((_, at: Command) => asking.show(at, 'move.list', {}, moveListView));
}

function entityCommands(entity: Command, asking: Asking, read: ArgumentReaders, wait: () => Option): void {
  const order = (verb: 'move' | 'pin' | 'unpin', what: string): Command =>
    entity.command(verb).argument('<kind/id>', 'such as lobby/17', read.entity).description(what).addOption(wait());
  order('move', 'into a shard of its own, at another node')
    .requiredOption('--to <id>', 'who owns it then')
    .action((name: string, { to }: { readonly to: string }, at: Command) =>
      asking.order(at, 'entity.move', { entity: name, to }, entityOrderView, untilThere),
    );
  order('pin', 'into a shard of its own, where balance leaves it alone')
    .option('--to <id>', 'who owns it then; default: whoever has it')
    .action((name: string, { to }: { readonly to?: string }, at: Command) =>
      asking.order(at, 'entity.pin', { entity: name, ...(to && { to }) }, entityOrderView, untilThere),
    );
  order('unpin', 'back to the shard that it hashes to').action((name: string, _, at: Command) =>
    asking.order(at, 'entity.unpin', { entity: name }, entityOrderView, untilThere),
  );
}

function nounOf(root: Command, name: string): Command {
  return root.commands.find((command) => command.name() === name)!;
}

const untilEmpty: Wait<NodeOrderDocument, NodeShowDocument> = {
  late: ({ node }) => `${idOf(node)} still has shards`,
  look: async (ask, { node }) => {
    const shown = await ask('node.show', { node });
    const { owns, backs, learns } = shown;
    return owns.length + backs.length + learns.length === 0 ? shown : undefined;
  },
  said: ({ node }, ms) => `${node.id} has nothing any more after ${duration(ms)}`,
};

const untilMoved: Wait<ShardMoveDocument, EndedMove> = {
  late: ({ move }) => `move ${move} is still under way`,
  look: async (ask, order) => {
    const { move, shard, to } = order;
    const { moves, ended } = await ask('move.list', {});
    const end = ended.find((one) => one.move === move);
    if (end || moves.some((one) => one.move === move)) return end;
    // Another leader: it gave up what it did not know of, unless that was committed before.
    const { shard: row } = await ask('shard.show', { shard });
    return { ...order, why: 'asked', end: row.owner === to ? 'moved' : 'cancelled' };
  },
  said: ({ shard, to, end }, ms) =>
    end === 'moved' ? `Shard ${shard} is at ${idOf(to)} after ${duration(ms)}` : `Shard ${shard} did not move: ${end}`,
  check: ({ shard, end }) => {
    if (end !== 'moved') throw new Failure(EXIT.conflict, `shard ${shard} stays where it was: ${end}`);
  },
};

const untilThere: Wait<EntityOrderDocument, EntityOrderState & { readonly end: string }> = {
  late: ({ order }) => `order ${order} is still under way`,
  look: async (ask, { order, entity, wish, shard, to }) => {
    const wanted = { order, entity, wish, shard, to };
    const { entities, endedEntities } = await ask('move.list', {});
    const end = endedEntities.find((one) => one.order === order);
    if (end || entities.some((one) => one.order === order)) return end;
    // Another leader goes on with orders; one that it does not know of was over before it came.
    const shown = await ask('entity.show', { entity });
    const isThere = shown.shard === shard && (to === '' || shown.owner === to);
    return { ...wanted, end: isThere ? 'done' : 'cancelled' };
  },
  said: ({ entity, shard, end }, ms) =>
    end === 'done' ? `${entity} is in shard ${shard} after ${duration(ms)}` : `${entity} is not there: ${end}`,
  check: ({ entity, end }) => {
    if (end !== 'done') throw new Failure(EXIT.conflict, `${entity} is not where it was wanted: ${end}`);
  },
};
