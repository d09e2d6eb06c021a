import { type Millis, SeededRandom, SHARDS, shardLayout } from '@muster/ports';
import type { WorldOptions } from '../options.js';
import type { Plant } from '../plants/plants.js';
import { drawFault, FAULT_KINDS, type Fault, type FaultKind, RARE_KINDS } from './kinds.js';
import { drawScene } from './scenes.js';
import { type Simulation, simulate } from './simulation.js';

/** What one seed does: its cluster, its network, and what breaks when. */
export interface Plan {
  readonly seed: number;
  readonly coordinators: number;
  readonly nodes: number;
  readonly gateways: number;
  readonly players: number;
  readonly rivals: number;
  /** Share of what clients ask that is about lobbies, parties and their chats. Absent, as in plans stored long ago: none. */
  readonly gatherShare?: number;
  /** Hashed and solo shards. Absent, as in plans stored long ago: as many as every real cluster has. */
  readonly shards?: readonly [number, number];
  readonly options: Partial<WorldOptions>;
  readonly kinds: readonly FaultKind[];
  readonly faults: readonly Fault[];
  readonly seconds: number;
}

/** Most of them are in use: so many empty ones as a real cluster has would show nothing and cost time. */
const SMALL = [64, 32] as const;
/** Faults per second of a run: from one in five seconds to nearly one a second. */
const RATE_MIN = 0.2;
const RATE_MAX = 0.9;

/** What free draws seldom reach: faults that have to meet. */
const MIXES: readonly (readonly FaultKind[])[] = [
  // A leader that nobody confirms, with members that hear nobody else.
  ['split', 'split', 'cut-coordinators'],
  ['split'],
  ['split', 'pause-coordinator', 'cut-leader-vice'],
  // Owners that were replaced and do not know it yet.
  ['cut-coordinators', 'pause-node', 'split', 'slow-network'],
  // Deaths while second places are being made.
  ['quick-restart', 'kill-node', 'kill-node-then-leader', 'stop'],
  // Leaders one after the other.
  ['pause-coordinator', 'kill-leader', 'cut-leader-vice', 'pause-coordinator'],
  // A store in trouble while somebody dies.
  ['expire-leases', 'new-store-leader', 'stop-store', 'cut-store', 'unknown-outcomes', 'kill-node'],
  // Shards that move while their owners, their backups and the leader die.
  ['move-shards', 'move-shard', 'drain-node', 'kill-node', 'kill-leader'],
  ['move-shards', 'drain-node', 'stop', 'pause-node', 'slow-network', 'unknown-outcomes'],
  ['rolling-restart', 'move-shards', 'stop-in-a-hurry'],
  // Somebody who has a part in a hand-off is gone just then.
  ['move-shards', 'kill-at-seal', 'pause-at-seal', 'cut-at-seal', 'reset-at-seal'],
  ['move-shards', 'drain-node', 'cut-at-seal', 'pause-at-seal', 'kill-node', 'pause-coordinator'],
  // Sources that have to ask for the end of a seal, and leaders that change meanwhile.
  ['move-shards', 'move-shards', 'cut-at-seal', 'cut-at-seal'],
  ['move-shards', 'move-shards', 'cut-at-seal', 'kill-leader', 'pause-coordinator'],
  // Shards that move while nothing else is wrong: a seal costs nobody anything.
  ['move-shards', 'move-shard'],
  // Entities that leave their shards and come home while their owners, their backups and the leader die.
  ['carve-entities', 'carve-entity', 'kill-node', 'kill-leader', 'quick-restart'],
  ['carve-entities', 'carve-entities', 'drain-node', 'pause-node', 'unknown-outcomes', 'slow-network'],
  ['carve-entities', 'move-shards', 'split', 'stall-storage', 'stop'],
  ['carve-entities', 'carve-entities', 'kill-at-carving', 'pause-at-carving'],
  ['carve-entities', 'carve-entities', 'kill-at-carving', 'cut-at-carving', 'slow-network'],
  // … and while nothing else is wrong.
  ['carve-entities', 'carve-entity'],
  // Owners that were replaced, with records that are not stored yet.
  ['pause-node', 'split', 'stall-storage', 'slow-storage'],
  // Storage in trouble while somebody is alone, or dies.
  ['stall-storage', 'slow-storage', 'kill-node', 'kill-node-then-leader', 'quick-restart'],
  ['lose-storage', 'fill-storage', 'kill-node', 'pause-node', 'stop'],
  // Both who have it, with storage behind.
  ['lose-storage', 'stall-storage', 'kill-two-nodes', 'kill-two-nodes'],
  // Clients that have to ask again elsewhere.
  ['kill-gateway', 'pause-gateway', 'reset', 'pause-node'],
];
const MIXED_SHARE = 0.35;
/** Runs in which players meet. */
const GATHERING_SHARE = 0.5;
/** Of runs that have a rare fault beside what else they draw. */
const RARE_SHARE = 0.15;

/**
 * A swarm: each seed draws a few kinds of faults, and how often they come, so that runs differ in character. Now and then one
 * kind alone, far enough apart that nothing of it may be noticed by clients.
 */
export function drawPlan(seed: number, seconds: number): Plan {
  const random = new SeededRandom(seed ^ 0x5f3759df);
  const between = (low: number, high: number): number => low + Math.floor((high - low + 1) * random.next());
  const coordinators = random.next() < 0.25 ? 3 : 2;
  const nodes = between(2, 4);
  const gateways = between(2, 3);
  const players = between(6, 16);
  const kinds = drawKinds(random);
  const roles = {
    coordinator: Array.from({ length: coordinators }, (_, i) => `coordinator-${String.fromCharCode(97 + i)}`),
    node: Array.from({ length: nodes }, (_, i) => `node-${i + 1}`),
    gateway: Array.from({ length: gateways }, (_, i) => `gateway-${i + 1}`),
  };
  const rate = kinds.length === 1 ? 1 / 7 : RATE_MIN + (RATE_MAX - RATE_MIN) * random.next();
  const faults: Fault[] = [];
  for (let at = gap(random, rate, kinds); at < seconds * 1_000; at += gap(random, rate, kinds))
    faults.push(drawFault(kinds[between(0, kinds.length - 1)]!, random, at, roles));
  const rivals = random.next() < 0.5 ? between(1, 4) : 0;
  const options = drawOptions(random);
  // Last, so that what a seed draws otherwise does not depend on it.
  if (random.next() < RARE_SHARE) {
    const kind = RARE_KINDS[between(0, RARE_KINDS.length - 1)]!;
    faults.push(drawFault(kind, random, 0.6 * random.next() * seconds * 1_000, roles));
  }
  faults.push(...drawScene(seed, seconds, new SeededRandom(seed ^ 0x3c6ef372), roles));
  faults.sort((a, b) => a.atMs - b.atMs);
  const gatherShare = drawGatherShare(seed);
  return {
    seed,
    coordinators,
    nodes,
    gateways,
    players,
    rivals,
    gatherShare,
    shards: SMALL,
    options,
    kinds,
    faults,
    seconds,
  };
}

/** Some runs are about players who meet, the others leave them alone. Drawn apart, so that it changes nothing else that a seed draws. */
function drawGatherShare(seed: number): number {
  const random = new SeededRandom(seed ^ 0x2545f491);
  return random.next() < GATHERING_SHARE ? 0.3 + 0.6 * random.next() : 0;
}

/** The world of a plan; its faults wait for {@link unleash}. */
export function worldOf(plan: Plan, plant?: Plant): Simulation {
  const { seed, coordinators, nodes, gateways, players, rivals, options, shards, gatherShare = 0 } = plan;
  const layout = shards ? shardLayout(...shards) : SHARDS;
  const cluster = { seed, coordinators, nodes, gateways, players, rivals, options, layout };
  return simulate({ ...cluster, workload: { gatherShare }, ...(plant && { plant }) });
}

/** Everything in the plan happens at its time, counted from now. */
export function unleash(world: Simulation, plan: Plan, apply: (fault: Fault) => void): void {
  for (const fault of plan.faults) {
    // Not always between two instants: some calls into the same instant, when work of it is half done.
    let turns = fault.count % 4;
    const strike = (): void => {
      turns -= 1;
      if (turns < 0) apply(fault);
      else world.clock.defer(strike);
    };
    world.clock.after(fault.atMs, strike);
  }
}

/**
 * What a report prints: a list of faults, which takes the rest from `drawn`; or a whole plan, which stays as it is whatever seeds draw later.
 * @throws TypeError
 */
export function parsePlan(text: string, drawn: Plan): Plan {
  const parsed: unknown = JSON.parse(text);
  if (Array.isArray(parsed)) return { ...drawn, faults: parsed.map(parseFault) };
  const plan = parsed as Partial<Plan> | null;
  if (!Array.isArray(plan?.faults)) throw new TypeError('a plan is a list of faults, or a world and its faults');
  for (const name of NUMBERS)
    if (typeof plan[name] !== 'number') throw new TypeError(`a plan has a number \`${name}\``);
  return { ...(plan as Plan), faults: plan.faults.map(parseFault) };
}

const NUMBERS = ['seed', 'coordinators', 'nodes', 'gateways', 'players', 'rivals', 'seconds'] as const;

function parseFault(each: Partial<Fault>): Fault {
  const { atMs, kind, place, other, ms, count } = each;
  const isFault =
    [atMs, ms, count].every((number) => typeof number === 'number') &&
    [place, other].every((name) => typeof name === 'string') &&
    FAULT_KINDS.some((known) => known === kind);
  if (!isFault) throw new TypeError(`no fault: ${JSON.stringify(each)}`);
  return each as Fault;
}

function drawKinds(random: SeededRandom): readonly FaultKind[] {
  const common = FAULT_KINDS.filter((kind) => !RARE_KINDS.includes(kind));
  const one = (): FaultKind => common[Math.floor(random.next() * common.length)]!;
  const draw = random.next();
  if (draw < 0.15) return [one()];
  if (draw < 0.15 + MIXED_SHARE) return MIXES[Math.floor(random.next() * MIXES.length)]!;
  const kinds = new Set<FaultKind>();
  const wanted = 2 + Math.floor(6 * random.next());
  while (kinds.size < wanted) kinds.add(one());
  return [...kinds];
}

/** A single kind of fault comes so seldom that each is healed before the next. */
function gap(random: SeededRandom, rate: number, kinds: readonly FaultKind[]): Millis {
  return kinds.length === 1 ? 7_000 + 2_000 * random.next() : (-Math.log(1 - random.next()) / rate) * 1_000;
}

function drawOptions(random: SeededRandom): Partial<WorldOptions> {
  return {
    latencyMs: 0.05 * 40 ** random.next(),
    jitterMs: 0.05 * 100 ** random.next(),
    storeLatencyMs: 0.2 * 30 ** random.next(),
    clientLatencyMs: 2 * 40 ** random.next(),
    driftShare: 0.0001 * 200 ** random.next(),
  };
}
