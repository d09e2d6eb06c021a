import type { ChaosCluster } from '../chaos-cluster.js';
import { CHAOS } from '../options.js';
import type { Done, Fault, Scene } from './fault.js';
import { kill, servesAgain } from './kill.js';
import { between, one, pause, plain, victim } from './victims.js';

const PLAYERS = 6;
/** musterctl waits for so long; it and we give it some more. */
const WAIT_MS = 40_000;
const MUSTERCTL_MS = WAIT_MS + 10_000;
const HOME_MS = 60_000;
/** Orders are under way for some hundred milliseconds. */
const MIDWAY_MS = 150;

/**
 * Players in use go into shards of their own, at other nodes, and home again (K1); meanwhile the node that one of them leaves, the one that it
 * goes to, or the leader is killed. All are at home at the end: who lives where is what other faults reckon with.
 */
const carve: Fault = {
  kind: 'carve',
  about:
    '`musterctl entity pin|unpin` of players in use, with kill -9 of the node they leave, the one they go to, or the leader on the way',
  run: async (scene): Promise<Done> => {
    const { cluster, random } = scene;
    const names = chosen(scene);
    const [first, ...others] = names;
    const source = plain((await cluster.admin('entity.show', { entity: first! })).owner);
    const target = one(random, cluster.ids('node').filter((id) => id !== source)); // biome-ignore format: one line
    await cluster.musterctl(['entity', 'pin', first!, '--to', target, '--wait', `${WAIT_MS}ms`], MUSTERCTL_MS);
    const carved = await placesOf(cluster, [first!]);
    for (const name of others) await ordered(cluster, () => cluster.admin('entity.pin', { entity: name, to: target }));
    await pause(between(random, 0, MIDWAY_MS));
    const part = one(random, ['source', 'target', 'leader'] as const);
    const dead = part === 'leader' ? await victim(scene, 'leader') : part === 'source' ? source : target;
    const under = (await cluster.admin('move.list', {}).catch(() => undefined))?.entities.length ?? 0;
    const ended = await kill(scene, [dead]);
    await servesAgain(cluster, [dead]);
    const isOver = async () => (await cluster.admin('move.list', {})).entities.length === 0;
    await cluster.until(isOver, HOME_MS, 'orders for single players are over');
    const places = await placesOf(cluster, names);
    await bringHome(cluster);
    const proofs = carved.length > 0 && ended.length > 0 ? [...carved, ...ended, ...places] : [];
    const what = `carved ${places.length} of ${names.length} players out of their shards and home again; killed ${dead} (${part}) with ${under} orders under way`;
    return { victims: [dead], what, proofs };
  },
};

function chosen({ random, players }: Scene): readonly string[] {
  const names = new Set<string>();
  while (names.size < Math.min(PLAYERS, players.length)) names.add(`player/${one(random, players)}`);
  return [...names];
}

/** Nobody leads for a moment: an order that was not taken is given again. A second one for the same player is refused, as it should be. */
async function ordered(cluster: ChaosCluster, give: () => Promise<unknown>): Promise<void> {
  const isTaken = async (): Promise<boolean> => {
    await give().catch((error: Error) => {
      if (!/REFUSED|is at home/.test(error.message)) throw error;
    });
    return true;
  };
  await cluster.until(isTaken, CHAOS.healMs, 'an order for a single player is taken');
}

/** Those of them that live alone, as the leader says. */
async function placesOf(cluster: ChaosCluster, names: readonly string[]): Promise<readonly string[]> {
  const { entities } = await cluster.admin('entity.list', {});
  const alone = entities.filter(({ entity }) => names.includes(entity));
  return alone.map(({ entity, shard, owner }) => `${entity} lives alone in shard ${shard} at ${plain(owner)}`);
}

/** Until nobody lives alone; who could not be brought home the first time is asked again. */
async function bringHome(cluster: ChaosCluster): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { entities } = await cluster.admin('entity.list', {});
    const under = await cluster.admin('move.list', {});
    if (under.entities.length > 0) return false;
    for (const { entity } of entities) await ordered(cluster, () => cluster.admin('entity.unpin', { entity }));
    return entities.length === 0;
  };
  await cluster.until(isDone, HOME_MS, 'everybody is at home');
}

export const CARVINGS: readonly Fault[] = [carve];
