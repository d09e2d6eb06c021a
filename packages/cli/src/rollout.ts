// Restarts a whole cluster, one process at a time.
//
//   for each process:  healthy ──► asked ──► another run of it is up ──► healthy ──► the next
//
// Order: standbys, the vice, the leader, then nodes, then gateways. So the leader changes twice at most, and whoever takes over is new already.
// Nobody keeps the state of a rollout: each process is named with its run, and a run that is gone is done. Whoever is interrupted, or fails, is told
// with which process to go on; to ask twice is the same as to ask once. The leader may die at any time: questions wait for the next one.
import type { CoordinatorDocument, MemberDocument, StatusDocument } from '@muster/coordinator';
import { EXIT, Failure } from './failure.js';
import { type Ask, eventually } from './waiting.js';

export type RolloutRole = 'coordinators' | 'nodes' | 'gateways';
export const ROLLOUT_ROLES: readonly RolloutRole[] = ['coordinators', 'nodes', 'gateways'];

export interface RolloutStep {
  readonly id: string;
  /** The run that is to end. */
  readonly peer: string;
  readonly role: 'coordinator' | 'node' | 'gateway';
}

/** One document per line of `--json`. */
export type RolloutProgress =
  | { readonly type: 'waiting'; readonly why: string }
  | { readonly type: 'plan'; readonly steps: readonly RolloutStep[] }
  | { readonly type: 'asked' | 'skipped'; readonly step: number; readonly of: number; readonly peer: string }
  | { readonly type: 'back'; readonly step: number; readonly of: number; readonly peer: string; readonly ms: number }
  | { readonly type: 'settled'; readonly step: number; readonly of: number; readonly ms: number }
  | { readonly type: 'done'; readonly restarted: number; readonly ms: number };

export interface RolloutSetup {
  readonly ask: Ask;
  readonly progress: (progress: RolloutProgress) => void;
  readonly roles: readonly RolloutRole[];
  /** Id of the process to begin with; what stands before it in the plan was restarted already. */
  readonly from: string | undefined;
  /** Begin, and go on, though the cluster is not healthy. */
  readonly force: boolean;
  /** For one process: to hand off, to come back, and until all is well. */
  readonly stepTimeoutMs: number;
  /** How long it waits for a cluster that is not at rest before it begins. */
  readonly restMs: number;
  readonly pollMs: number;
  /** Aborted by Ctrl-C. */
  readonly ends: AbortSignal;
}

/** What is restarted, in order. */
export function rolloutPlan(
  coordinators: readonly CoordinatorDocument[],
  nodes: readonly MemberDocument[],
  gateways: readonly MemberDocument[],
  roles: readonly RolloutRole[],
): readonly RolloutStep[] {
  const last = { standby: 0, vice: 1, leader: 2 };
  const steps = (role: RolloutStep['role'], list: readonly { id: string; peer: string }[]): RolloutStep[] =>
    list.map(({ id, peer }) => ({ id, peer, role }));
  const byId = <M extends { readonly id: string }>(list: readonly M[]): M[] =>
    [...list].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  const inOrder = byId(coordinators).sort((a, b) => last[a.role] - last[b.role]);
  return [
    ...(roles.includes('coordinators') ? steps('coordinator', inOrder) : []),
    ...(roles.includes('nodes') ? steps('node', byId(nodes)) : []),
    ...(roles.includes('gateways') ? steps('gateway', byId(gateways)) : []),
  ];
}

/** Why the cluster is not at rest; empty: it is. */
export function unrest({ healthy, problems, nodes, gateways, shards }: StatusDocument): string {
  if (!healthy) return problems.join(' ');
  if (nodes.up < nodes.total || gateways.up < gateways.total) return 'Not every process is up.';
  return shards.moving > 0 ? `${shards.moving} shards are moving.` : '';
}

/** @throws Failure `conflict` where the cluster is not well to begin with, `unreachable` where a step takes too long, `failed` when interrupted */
export async function rollout(setup: RolloutSetup): Promise<void> {
  const { ask, progress, roles, force } = setup;
  const from = performance.now();
  if (!force) await atRest(setup);
  const { coordinators } = await ask('coordinator.list', {});
  const { nodes, gateways } = await ask('node.list', {});
  const plan = rolloutPlan(coordinators, nodes, gateways, roles);
  const begin = setup.from === undefined ? 0 : plan.findIndex(({ id }) => id === setup.from);
  if (begin < 0) throw new Failure(EXIT.notFound, `${setup.from} is not part of this rollout`);
  const steps = plan.slice(begin);
  progress({ type: 'plan', steps });
  for (const [at, step] of steps.entries()) {
    await restartOne(setup, step, { step: at + 1, of: steps.length }).catch((error: unknown) => {
      throw withNext(error, step);
    });
  }
  progress({ type: 'done', restarted: steps.length, ms: Math.round(performance.now() - from) });
}

/** Whoever came back a moment ago is still given its share: that passes. */
async function atRest(setup: RolloutSetup): Promise<void> {
  const look = async (): Promise<string> => unrest(await setup.ask('status', {}));
  const until = performance.now() + setup.restMs;
  let why = await look();
  if (why !== '') setup.progress({ type: 'waiting', why });
  const isOver = (): boolean => why === '' || performance.now() > until;
  if (!isOver())
    await eventually(setup, until, 'nobody says how the cluster is', async () => {
      why = await look();
      return isOver() || undefined;
    });
  if (why !== '')
    throw new Failure(EXIT.conflict, `the cluster is not at rest: ${why}`, { hint: '--force begins nevertheless' });
}

async function restartOne(setup: RolloutSetup, step: RolloutStep, at: { step: number; of: number }): Promise<void> {
  const { ask, progress, force } = setup;
  const from = performance.now();
  const until = from + setup.stepTimeoutMs;
  const ms = (): number => Math.round(performance.now() - from);
  const asked = await eventually(setup, until, `${step.id} cannot be asked`, () => request(ask, step));
  progress({ type: asked, ...at, peer: step.peer });
  const what = `${step.id} did not come back: whoever started it must start it again`;
  const back = await eventually(setup, until, what, () => successor(ask, step));
  progress({ type: 'back', ...at, peer: back, ms: ms() });
  const isWell = async (): Promise<true | undefined> =>
    force || unrest(await ask('status', {})) === '' ? true : undefined;
  await eventually(setup, until, 'the cluster did not come to rest', isWell);
  progress({ type: 'settled', ...at, ms: ms() });
}

async function request(ask: RolloutSetup['ask'], { peer }: RolloutStep): Promise<'asked' | 'skipped'> {
  try {
    await ask('process.restart', { peer });
    return 'asked';
  } catch (error) {
    // That run is gone: somebody restarted it in the meantime.
    if (error instanceof Failure && error.exit === EXIT.notFound) return 'skipped';
    throw error;
  }
}

/** The run that took its place and is up, or undefined. */
async function successor(ask: RolloutSetup['ask'], { id, peer, role }: RolloutStep): Promise<string | undefined> {
  if (role === 'coordinator') {
    const { coordinators } = await ask('coordinator.list', {});
    const now = coordinators.find((one) => one.id === id && one.peer !== peer);
    return now && (now.role === 'leader' || now.ackAgoMs !== null) ? now.peer : undefined;
  }
  const { nodes, gateways } = await ask('node.list', {});
  return [...nodes, ...gateways].find((one) => one.id === id && one.peer !== peer && one.state === 'up')?.peer;
}

function withNext(error: unknown, { id }: RolloutStep): unknown {
  if (!(error instanceof Failure)) return error;
  const hint = `\`musterctl rollout restart --from ${id}\` goes on with it`;
  return new Failure(error.exit, error.message, { hint, code: error.code });
}
