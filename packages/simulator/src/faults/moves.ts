import { type Millis, type PeerId, parsePeerId, type SeededRandom, type ShardId } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import { NodeRole } from '../roles/node.js';

/** A shard that holds actors, and where it could go. */
interface Movable {
  readonly shard: ShardId;
  readonly from: PeerId;
  readonly to: readonly string[];
}

/**
 * An operator asks for a shard in use to be moved to another living node, over a node's link to whom it takes for the leader: the order
 * may be lost, refused, or overtaken by anything. Nobody may notice, so it excuses nothing. Returns what was asked for, for the trace.
 */
export function askForMove(fleet: Fleet, random: SeededRandom): Readonly<Record<string, unknown>> | undefined {
  const nodes = fleet.living('node').flatMap(({ running }) => (running instanceof NodeRole ? [running.node] : []));
  const ids = nodes.map(({ peers }) => parsePeerId(peers.self.peer).id);
  const movable = nodes.flatMap(({ peers: { self }, shards, runtime }): Movable[] =>
    shards
      .filter((shard) => runtime.actorsIn(shard) > 0)
      .map((shard) => ({ shard, from: self.peer, to: ids.filter((id) => id !== parsePeerId(self.peer).id) })),
  );
  const drawn = movable[Math.floor(random.next() * movable.length)];
  const operator = nodes[Math.floor(random.next() * nodes.length)];
  if (!drawn || !operator || drawn.to.length === 0) return undefined;
  const { shard, from } = drawn;
  const to = drawn.to[Math.floor(random.next() * drawn.to.length)]!;
  const body = {
    request: 1,
    command: 'shard.move',
    arguments: Buffer.from(JSON.stringify({ shard, to })),
    who: 'operator',
  };
  operator.peers.send(operator.agent.leader, 'control', { type: 'adminRequest', body });
  return { shard, from, to };
}

/** How long after another `count` orders come within `ms`. */
export function timesOf(count: number, ms: Millis): readonly Millis[] {
  return Array.from({ length: count }, (_, i) => (i * ms) / count);
}
