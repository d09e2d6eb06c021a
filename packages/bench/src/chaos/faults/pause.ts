import { CHAOS } from '../options.js';
import { processState } from '../processes.js';
import type { Done, Fault, Scene } from './fault.js';
import { between, incarnationOf, one, type Part, pause, victim } from './victims.js';

const SHORT_MS = 500;
const LONG_MS = { from: 3_000, to: 12_000 };
const STATE_MS = 1_000;
/** A process that wakes up and finds itself replaced says so and ends: longer than its own stop may take. */
const LEAVES_MS = 30_000;

/** SIGSTOP, SIGCONT, and what /proc says in between. */
async function paused({ cluster }: Scene, id: string, forMs: number, meanwhile = async (): Promise<void> => undefined) {
  const pid = cluster.pidOf(id);
  process.kill(pid, 'SIGSTOP');
  try {
    await cluster.until(() => processState(pid) === 'T', STATE_MS, `${id} is stopped`);
    await pause(forMs);
    await meanwhile();
    const state = processState(pid);
    return { pid, proofs: state === 'T' ? [`${id} pid ${pid} in state T for ${forMs} ms`] : [] };
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const short: Fault = {
  kind: 'pause-short',
  about: 'SIGSTOP of any process for half a second',
  run: async (scene) => {
    const part = one(scene.random, ['node', 'gateway', 'leader', 'vice'] satisfies Part[]);
    const id = await victim(scene, part);
    const { proofs } = await paused(scene, id, SHORT_MS);
    return { victims: [id], what: `paused ${id} (${part}) for ${SHORT_MS} ms`, proofs };
  },
};

/** One who was missed ends by itself when it is told that it was replaced, or joins again, with nothing of its own. */
function long(part: Part): Fault {
  return {
    kind: `pause-${part}`,
    about: `SIGSTOP of a ${part} for ${LONG_MS.from / 1_000} to ${LONG_MS.to / 1_000} s`,
    run: async (scene): Promise<Done> => {
      const { cluster, random } = scene;
      const id = await victim(scene, part);
      const before = await incarnationOf(scene, id);
      let wasMissed = false;
      const forMs = between(random, LONG_MS.from, LONG_MS.to);
      const { pid, proofs } = await paused(scene, id, forMs, async () => {
        wasMissed = before !== undefined && (await incarnationOf(scene, id)) !== before;
      });
      const what = `paused ${id} (${part}) for ${forMs} ms`;
      if (!wasMissed) return { victims: [id], what, proofs };
      const hasLeft = (): boolean => cluster.processes.endingOf(pid) !== undefined;
      const isBack = async (): Promise<boolean> => (await incarnationOf(scene, id)) === before;
      await cluster.until(
        async () => hasLeft() || (await isBack()),
        LEAVES_MS,
        `${id}, missed, has left or is up again`,
      );
      if (!hasLeft()) return { victims: [id], what: `${what}; it was missed, and is up again`, proofs };
      const ending = cluster.processes.endingOf(pid)!;
      if (ending.code !== 0)
        throw new Error(`${id}, replaced, ended with ${ending.code ?? ending.signal} instead of 0`);
      await cluster.until(() => cluster.processes.pidOf(id) !== undefined, CHAOS.restartMs, `${id} serves again`);
      return { victims: [id], what: `${what}; it was replaced, left with 0 and came back`, proofs };
    },
  };
}

const etcd: Fault = {
  kind: 'pause-etcd',
  about: 'SIGSTOP of etcd for some seconds',
  run: async (scene) => {
    const { cluster, random } = scene;
    const forMs = between(random, 3_000, 8_000);
    let seen: string[] = [];
    const { proofs } = await paused(scene, 'etcd', forMs, async () => {
      seen = await unreachable(scene);
    });
    await cluster.until(async () => (await cluster.status()).store.reachable, CHAOS.healMs, 'etcd answers again');
    return {
      victims: ['etcd'],
      what: `paused etcd for ${forMs} ms`,
      proofs: seen.length > 0 ? [...proofs, ...seen] : [],
    };
  },
};

/** What the leader's own health check says of an etcd that is away. */
export async function unreachable({ cluster }: Scene): Promise<string[]> {
  const { leader, store } = await cluster.status();
  return store.reachable ? [] : [`${leader} says that its store is away, for ${store.answeredAgoMs} ms`];
}

export const PAUSES: readonly Fault[] = [short, long('node'), long('leader'), long('gateway'), etcd];
