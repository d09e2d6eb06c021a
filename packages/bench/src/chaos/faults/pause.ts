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

/** One who was replaced in its absence must end by itself and come back as somebody new; one who was not goes on. */
function long(part: Part): Fault {
  return {
    kind: `pause-${part}`,
    about: `SIGSTOP of a ${part} for ${LONG_MS.from / 1_000} to ${LONG_MS.to / 1_000} s`,
    run: async (scene): Promise<Done> => {
      const { cluster, random } = scene;
      const id = await victim(scene, part);
      const before = await incarnationOf(scene, id);
      let wasReplaced = false;
      const forMs = between(random, LONG_MS.from, LONG_MS.to);
      const { pid, proofs } = await paused(scene, id, forMs, async () => {
        if (before !== undefined) wasReplaced = await isForgotten(scene, before);
      });
      const what = `paused ${id} (${part}) for ${forMs} ms`;
      if (!wasReplaced) return { victims: [id], what, proofs };
      await cluster.until(() => cluster.processes.endingOf(pid) !== undefined, LEAVES_MS, `${id}, replaced, has left`);
      const ending = cluster.processes.endingOf(pid)!;
      if (ending.code !== 0)
        throw new Error(`${id}, replaced, ended with ${ending.code ?? ending.signal} instead of 0`);
      await cluster.until(() => cluster.processes.pidOf(id) !== undefined, CHAOS.restartMs, `${id} serves again`);
      return { victims: [id], what: `${what}; it was replaced, left with 0 and came back`, proofs };
    },
  };
}

/** The leader has given this run of a process up for good. */
async function isForgotten({ cluster }: Scene, peer: string): Promise<boolean> {
  const { nodes, gateways } = await cluster.admin('node.list', {});
  return ![...nodes, ...gateways].some((member) => member.peer === peer && member.state !== 'dead');
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
