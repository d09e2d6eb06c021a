import type { Millis, SeededRandom } from '@muster/ports';
import { CARVING_KINDS } from './at-carving.js';
import { SEAL_KINDS } from './at-seal.js';
import type { Simulation } from './simulation.js';

/** One fault of a plan: data, so that a run can be repeated, printed and cut short. */
export interface Fault {
  /** After the beginning of the fault phase. */
  readonly atMs: Millis;
  readonly kind: FaultKind;
  /** On whom; for cuts also from whom. */
  readonly place: string;
  readonly other: string;
  /** How long it lasts, or until what was killed is started again. */
  readonly ms: Millis;
  readonly count: number;
}

export interface Kind {
  /** Typical length: lengths are drawn log-uniformly between these. */
  readonly msMin: Millis;
  readonly msMax: Millis;
  /** Candidates for `place`; `any` stands for every process. */
  readonly places: readonly string[];
  readonly others?: readonly string[];
  apply(world: Simulation, fault: Fault): void;
}

const ALL = ['any'];
const LEADING = ['leader', 'vice'];

/** Every kind of fault that a run may draw. */
export const KINDS = {
  'kill-node': { msMin: 250, msMax: 5_000, places: ['node'], apply: (world, f) => world.restart(f.place, f.ms) },
  'kill-leader': { msMin: 250, msMax: 5_000, places: ['leader'], apply: (world, f) => world.restart(f.place, f.ms) },
  'kill-vice': { msMin: 250, msMax: 5_000, places: ['vice'], apply: (world, f) => world.restart(f.place, f.ms) },
  'kill-gateway': { msMin: 250, msMax: 5_000, places: ['gateway'], apply: (world, f) => world.restart(f.place, f.ms) },
  'kill-two-nodes': {
    msMin: 250,
    msMax: 5_000,
    places: ['node'],
    others: ['node'],
    apply: (world, f) => {
      world.restart(f.place, f.ms);
      world.restart(f.other, f.ms);
    },
  },
  'kill-node-then-leader': {
    msMin: 250,
    msMax: 5_000,
    places: ['node'],
    apply: (world, f) => {
      world.restart(f.place, f.ms);
      world.clock.after(5 * f.count, () => world.restart('leader', f.ms));
    },
  },
  'quick-restart': { msMin: 5, msMax: 300, places: ALL, apply: (world, f) => world.restart(f.place, f.ms) },
  stop: { msMin: 50, msMax: 4_000, places: ALL, apply: (world, f) => world.stop(f.place, f.ms) },
  'stop-in-a-hurry': { msMin: 5, msMax: 900, places: ['node'], apply: (world, f) => world.stop(f.place, 100, f.ms) },
  'rolling-restart': {
    msMin: 500,
    msMax: 5_000,
    places: ['nodes', 'coordinators', 'gateways'],
    apply: (world, f) => world.rollingRestart(f.place.slice(0, -1) as 'node', f.ms),
  },
  'drain-node': { msMin: 200, msMax: 6_000, places: ['node'], apply: (world, f) => world.drain(f.place, f.ms) },
  'move-shard': {
    msMin: 1,
    msMax: 1_000,
    places: ['node'],
    apply: (world, f) => world.moveShard(f.place, Math.floor(f.ms)),
  },
  'move-shards': {
    msMin: 1,
    msMax: 1_000,
    places: ['node'],
    apply: (world, f) => {
      for (let i = 0; i < f.count; i += 1) world.moveShard(f.place, Math.floor(f.ms) + i);
    },
  },
  'carve-entity': {
    msMin: 1,
    msMax: 1_000,
    places: ['node'],
    apply: (world, f) => world.carve(f.place, Math.floor(f.ms)),
  },
  'carve-entities': {
    msMin: 1,
    msMax: 1_000,
    places: ['node'],
    apply: (world, f) => {
      for (let i = 0; i < f.count; i += 1) world.carve(f.place, Math.floor(f.ms) + i);
    },
  },
  'stuck-loop': { msMin: 1_000, msMax: 8_000, places: ALL, apply: (world, f) => world.stick(f.place, f.ms) },
  'pause-node': { msMin: 100, msMax: 6_000, places: ['node'], apply: (world, f) => void world.pause(f.place, f.ms) },
  'pause-coordinator': {
    msMin: 100,
    msMax: 6_000,
    places: LEADING,
    apply: (world, f) => void world.pause(f.place, f.ms),
  },
  'pause-gateway': {
    msMin: 100,
    msMax: 5_000,
    places: ['gateway'],
    apply: (world, f) => void world.pause(f.place, f.ms),
  },
  'slow-loop': { msMin: 60, msMax: 500, places: ALL, apply: (world, f) => void world.pause(f.place, f.ms) },
  cut: {
    msMin: 100,
    msMax: 9_000,
    places: ALL,
    others: ALL,
    apply: (world, f) => void world.cut(f.place, f.other, f.ms),
  },
  'cut-one-way': {
    msMin: 100,
    msMax: 9_000,
    places: ALL,
    others: ALL,
    apply: (world, f) => void world.cutOneWay(f.place, f.other, f.ms),
  },
  'cut-coordinators': {
    msMin: 100,
    msMax: 9_000,
    places: ['node', 'gateway'],
    others: ['coordinators'],
    apply: (world, f) => void world.cut(f.place, f.other, f.ms),
  },
  'cut-leader-vice': {
    msMin: 100,
    msMax: 9_000,
    places: ['leader'],
    others: ['vice'],
    apply: (world, f) =>
      void (f.count % 2 === 0 ? world.cut('leader', 'vice', f.ms) : world.cutOneWay('leader', 'vice', f.ms)),
  },
  isolate: { msMin: 100, msMax: 9_000, places: ALL, apply: (world, f) => void world.isolate(f.place, f.ms) },
  'cut-store': {
    msMin: 100,
    msMax: 12_000,
    places: ALL,
    others: ['store'],
    apply: (world, f) => void world.cut(f.place, 'store', f.ms),
  },
  split: {
    msMin: 1_500,
    msMax: 9_000,
    places: ['node'],
    // With its leader beside it a node may go on for long.
    others: ['leader', 'leader', 'vice', 'node', 'gateway'],
    apply: (world, f) => void world.split([f.place, f.other], f.ms),
  },
  reset: { msMin: 1, msMax: 1, places: ALL, others: ALL, apply: (world, f) => world.reset(f.place, f.other) },
  'stall-store': {
    msMin: 200,
    msMax: 11_000,
    places: ['store'],
    apply: (world, f) => void world.stallStore(f.ms, f.count % 2 === 0 ? 'arrives' : 'is-lost'),
  },
  'stop-store': { msMin: 200, msMax: 11_000, places: ['store'], apply: (world, f) => void world.stopStore(f.ms) },
  'new-store-leader': {
    msMin: 300,
    msMax: 2_000,
    places: ['store'],
    apply: (world, f) => void world.newStoreLeader(f.ms, f.count % 2 === 0 ? 'arrives' : 'is-lost'),
  },
  'unknown-outcomes': {
    msMin: 1,
    msMax: 1,
    places: ['leader', 'vice', 'any'],
    apply: (world, f) => world.unknownOutcomes(f.place, f.count, f.count % 2 === 0),
  },
  'drop-watch-events': {
    msMin: 1,
    msMax: 1,
    places: ALL,
    apply: (world, f) => world.dropWatchEvents(f.place, f.count),
  },
  'expire-leases': { msMin: 1, msMax: 1, places: ['store'], apply: (world) => world.expireLeases() },
  'compact-store': { msMin: 1, msMax: 1, places: ['store'], apply: (world) => world.server.compact() },
  'restore-store': {
    msMin: 300,
    msMax: 9_000,
    places: ['store'],
    // Now and then its leader, who knows what is lost, dies while it is away.
    apply: (world, f) => world.restoreStore(f.ms, 40 * f.count, f.count % 3 === 0),
  },
  'lose-storage': { msMin: 200, msMax: 5_000, places: ['store'], apply: (world, f) => void world.loseStorage(f.ms) },
  'stall-storage': {
    msMin: 200,
    msMax: 8_000,
    places: ['store'],
    apply: (world, f) => void world.stallStorage(f.ms, f.count % 2 === 0 ? 'arrives' : 'is-lost'),
  },
  'fill-storage': { msMin: 200, msMax: 8_000, places: ['store'], apply: (world, f) => void world.fillStorage(f.ms) },
  'slow-storage': {
    msMin: 200,
    msMax: 8_000,
    places: ['store'],
    apply: (world, f) => void world.slowStorage(10 * f.count, f.ms),
  },
  'slow-network': {
    msMin: 200,
    msMax: 8_000,
    places: ['store'],
    apply: (world, f) => void world.slowNetwork(3 * f.count, f.ms),
  },
  ...SEAL_KINDS,
  ...CARVING_KINDS,
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof KINDS;

export const FAULT_KINDS = Object.keys(KINDS) as readonly FaultKind[];

/** Drawn beside the others, in few runs: it is a disaster of its own. */
export const RARE_KINDS: readonly FaultKind[] = ['restore-store'];

/** One fault of the kind, at some time before `untilMs`. */
export function drawFault(kind: FaultKind, random: SeededRandom, atMs: Millis, roles: RoleIds): Fault {
  const { msMin, msMax, places, others = [''] }: Kind = KINDS[kind];
  const place = someone(places, random, roles);
  let other = someone(others, random, roles);
  // Two of one kind are meant to be two; where there is one only, it is.
  for (let tries = 0; other === place && tries < 8; tries += 1) other = someone(others, random, roles);
  const ms = msMin * (msMax / msMin) ** random.next();
  return { atMs, kind, place, other, ms, count: 1 + Math.floor(10 * random.next()) };
}

/** Ids by role. */
export type RoleIds = Readonly<Record<'coordinator' | 'node' | 'gateway', readonly string[]>>;

function someone(candidates: readonly string[], random: SeededRandom, roles: RoleIds): string {
  const drawn = candidates[Math.floor(random.next() * candidates.length)]!;
  const { coordinator, node, gateway } = roles;
  const ids = drawn === 'any' ? [...coordinator, ...node, ...gateway] : roles[drawn as keyof RoleIds];
  return ids ? ids[Math.floor(random.next() * ids.length)]! : drawn;
}
