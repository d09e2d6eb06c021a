import type { Millis, SeededRandom } from '@muster/ports';
import type { Fault, RoleIds } from './kinds.js';

/** Every so many seeds there is one with a scene, and the scenes come in turns: a hundred seeds in a row have each of them some times. */
const EVERY_SEEDS = 3;
/** Of virtual time, for each performance. */
const EACH_MS: Millis = 30_000;

/** What a scene is made of: a fault without its time, and how long after the beginning it strikes. */
type Part = Omit<Fault, 'atMs' | 'other'> & { readonly afterMs: Millis };

interface Draws {
  /** A node's id. */
  readonly node: string;
  /** Another's. */
  readonly other: string;
  readonly between: (low: Millis, high: Millis) => Millis;
}

/** Ten shards that are in use, once whatever waits for a seal is set. */
const moves = ({ node, between }: Draws): Part => {
  return { kind: 'move-shards', place: node, ms: between(1, 1_000), count: 10, afterMs: 20 };
};

/** The same with entities. */
const carvings = ({ node, between }: Draws): Part => {
  return { kind: 'carve-entities', place: node, ms: between(1, 1_000), count: 10, afterMs: 20 };
};

/**
 * Faults that have to meet within milliseconds, so that free draws bring them together in one run of hundreds: what only they reach was
 * counted so seldom that a hundred runs could do without it. Each is named for what it is to reach.
 */
const SCENES: Readonly<Record<string, (draws: Draws) => readonly Part[]>> = {
  /** K13: a sealed source whose hand-over does not arrive asks for the end of its move. */
  'the source asks': (draws) => [
    { kind: 'cut-at-seal', place: 'target', ms: draws.between(1_800, 4_000), count: 1, afterMs: 0 },
    moves(draws),
  ],
  /** The backup dies before the hand-over has arrived: the row has a new term, and the move is worth nothing in it. */
  'the move is overtaken': (draws) => [
    { kind: 'cut-at-seal', place: 'target', ms: draws.between(1_800, 4_000), count: 1, afterMs: 0 },
    { kind: 'kill-at-seal', place: 'backup', ms: draws.between(250, 1_500), count: 1, afterMs: 0 },
    moves(draws),
  ],
  /** The shard goes on elsewhere while its source hears no leader, and nothing that it hands over arrives. */
  'the seal is overtaken': (draws) => [
    { kind: 'cut-at-seal', place: 'target', ms: draws.between(2_500, 3_500), count: 1, afterMs: 0 },
    { kind: 'cut-at-seal', place: 'leader', ms: draws.between(4_000, 6_000), count: 1, afterMs: 0 },
    moves(draws),
  ],
  /** K1: an owner dies when both shards have all of an entity, and the leader cannot hear of it. */
  'a stray is left': (draws) => [
    { kind: 'cut-at-carving', place: 'leader', ms: draws.between(200, 600), count: 1, afterMs: 0 },
    { kind: 'kill-at-carving', place: 'owner', ms: draws.between(250, 1_500), count: 10, afterMs: 0 },
    carvings(draws),
  ],
  /** K4: shards have changed hands since the copy of the store was made, and whoever knows is gone when it comes back. */
  'the store is older than storage': (draws) => [
    { kind: 'restore-store', place: 'store', ms: draws.between(3_000, 6_000), count: 3, afterMs: 0 },
    { kind: 'kill-node', place: draws.node, ms: draws.between(250, 1_000), count: 1, afterMs: 500 },
  ],
  /** A session that began while storage did not answer goes with both who have it. */
  'a session is lost': (draws) => [
    { kind: 'stall-storage', place: 'store', ms: draws.between(6_000, 8_000), count: 1, afterMs: 0 },
    { kind: 'kill-node', place: draws.node, ms: draws.between(250, 1_000), count: 1, afterMs: 4_500 },
    { kind: 'kill-node', place: draws.other, ms: draws.between(250, 1_000), count: 1, afterMs: 4_500 },
  ],
};

export const SCENE_NAMES = Object.keys(SCENES);

/** The scene of this seed; undefined: it has none. */
export function sceneOf(seed: number): string | undefined {
  return seed % EVERY_SEEDS === 0 ? SCENE_NAMES[(seed / EVERY_SEEDS) % SCENE_NAMES.length] : undefined;
}

/** What it adds to the faults that the seed draws otherwise. `random` is its own: nothing else that a seed draws depends on it. */
export function drawScene(seed: number, seconds: number, random: SeededRandom, { node }: RoleIds): readonly Fault[] {
  const name = sceneOf(seed);
  if (name === undefined) return [];
  const times = Math.max(1, Math.floor((seconds * 1_000) / EACH_MS));
  return Array.from({ length: times }, (_, i) => {
    const share = (seconds * 1_000) / times;
    const begin = share * (i + 0.2 + 0.4 * random.next());
    const at = Math.floor(random.next() * node.length);
    const draws = {
      node: node[at]!,
      other: node[(at + 1) % node.length]!,
      between: (low: Millis, high: Millis) => low + (high - low) * random.next(),
    };
    return SCENES[name]!(draws).map(({ afterMs, ...fault }) => ({ ...fault, other: '', atMs: begin + afterMs }));
  }).flat();
}
