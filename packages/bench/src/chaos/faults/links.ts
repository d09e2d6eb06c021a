import type { PassageCount } from '../tcp-proxy/proxies-process.js';
import type { Rule } from '../tcp-proxy/rules.js';
import type { Done, Fault, Scene } from './fault.js';
import { kill, servesAgain } from './kill.js';
import { between, one, pause, victim } from './victims.js';

const CUT_MS = { from: 1_000, to: 6_000 };

interface Way {
  readonly from: string;
  readonly to: string;
}

/** Idle links have their beats, several a second. */
const LISTEN_MS = 1_000;

/** Two processes that talk with each other: a node that owns nothing yet has no link with a gateway, and cutting it would show nothing. */
async function pair(scene: Scene): Promise<readonly [string, string]> {
  const { random } = scene;
  const [node, other] = await pairOfNodes(scene);
  const leader = await victim(scene, 'leader');
  const pairs = [
    [node, other],
    [node, leader],
    [node, await victim(scene, 'gateway')],
    [leader, 'etcd'],
  ] as const;
  const ways = pairs.flatMap(([from, to]) => bothWays(from, to));
  const heard = await treated(scene, listen(ways), LISTEN_MS);
  const [a, b] = one(
    random,
    pairs.filter(([from, to]) => bothWays(from, to).every((way) => heard(way).bytes > 0)),
  );
  // Nobody is not heard by etcd: it only answers.
  return random.next() < 0.5 || b === 'etcd' ? [a, b] : [b, a];
}

async function pairOfNodes(scene: Scene): Promise<readonly [string, string]> {
  const node = await victim(scene, 'node');
  const others = scene.cluster.ids('node').filter((id) => id !== node);
  return [node, one(scene.random, others)];
}

const bothWays = (a: string, b: string): readonly Way[] => [
  { from: a, to: b },
  { from: b, to: a },
];

/** Treats these ways for a while, does something `atLast`, and heals all. Returns what went over every way meanwhile. */
async function treated(
  { cluster }: Scene,
  rules: readonly Rule[],
  forMs: number,
  atLast = async (): Promise<void> => undefined,
): Promise<(way: Way) => PassageCount> {
  const before = await cluster.counts();
  await cluster.treat(rules);
  try {
    await pause(forMs);
    await atLast();
    const after = await cluster.counts();
    const of = (counts: readonly PassageCount[], { from, to }: Way): PassageCount =>
      counts.find((count) => count.from === from && count.to === to) ?? {
        from,
        to,
        bytes: 0,
        swallowed: 0,
        delayed: 0,
      };
    return (way) => {
      const [then, now] = [of(before, way), of(after, way)];
      return {
        ...way,
        bytes: now.bytes - then.bytes,
        swallowed: now.swallowed - then.swallowed,
        delayed: now.delayed - then.delayed,
      };
    };
  } finally {
    await cluster.heal();
  }
}

/** Nothing befalls them, but what passes is counted: without any rule nobody counts. */
const listen = (ways: readonly Way[]): Rule[] => ways.map((way) => ({ ...way, swallow: false, delayMs: 0 }));

const swallow = (ways: readonly Way[]): Rule[] => ways.map((way) => ({ ...way, swallow: true, delayMs: 0 }));

const shown = ({ from, to, swallowed }: PassageCount): string => `${swallowed} bytes from ${from} to ${to} swallowed`;

const cut: Fault = {
  kind: 'cut-link',
  about: 'the link of two processes, or of the leader and etcd, carries nothing, both ways, for some seconds',
  run: async (scene): Promise<Done> => {
    const [a, b] = await pair(scene);
    const forMs = between(scene.random, CUT_MS.from, CUT_MS.to);
    const ways = bothWays(a, b);
    const count = await treated(scene, swallow(ways), forMs);
    const proofs = ways.map(count).filter(({ swallowed }) => swallowed > 0);
    // etcd says nothing by itself.
    const expected = b === 'etcd' ? 1 : ways.length;
    return {
      victims: [a, b],
      what: `cut ${a} and ${b} for ${forMs} ms`,
      proofs: proofs.length >= expected ? proofs.map(shown) : [],
    };
  },
};

const oneWay: Fault = {
  kind: 'one-way-link',
  about: 'of two processes, one is not heard by the other for some seconds',
  run: async (scene): Promise<Done> => {
    const [a, b] = await pair(scene);
    const forMs = between(scene.random, CUT_MS.from, CUT_MS.to);
    const count = await treated(scene, swallow([{ from: a, to: b }]), forMs);
    const [silent, loud] = [count({ from: a, to: b }), count({ from: b, to: a })];
    const happened = silent.swallowed > 0 && loud.swallowed === 0;
    const proofs = happened ? [shown(silent), `${loud.bytes} bytes from ${b} to ${a} passed`] : [];
    return { victims: [a, b], what: `${b} did not hear ${a} for ${forMs} ms`, proofs };
  },
};

const isolate: Fault = {
  kind: 'isolate-node',
  about: 'a node reaches nobody and is reached by nobody for some seconds; of its own process it knows nothing',
  run: async (scene): Promise<Done> => {
    const { cluster, random } = scene;
    const id = await victim(scene, 'node');
    const forMs = between(random, CUT_MS.from, CUT_MS.to);
    const withEtcd = random.next() < 0.5;
    const all = [...cluster.ids('coordinator'), ...cluster.ids('node'), ...cluster.ids('gateway')];
    const others = [...all.filter((other) => other !== id), ...(withEtcd ? ['etcd'] : [])];
    const count = await treated(scene, swallow(others.flatMap((other) => bothWays(id, other))), forMs);
    const proofs = others.map((other) => count({ from: id, to: other })).filter(({ swallowed }) => swallowed > 0);
    const what = `isolated ${id}${withEtcd ? ', from etcd too,' : ''} for ${forMs} ms`;
    return { victims: [id], what, proofs: proofs.map(shown) };
  },
};

/** Below the time after which an owner gives its silent backup up (`replication.silenceMs`): the backup still stands in the row when the owner dies. */
const PATIENCE_MS = { from: 200, to: 700 };

/** With its backup out of reach an owner may not answer: what it answered all the same would be gone with it. */
const cutThenKill: Fault = {
  kind: 'cut-then-kill',
  about: 'two nodes do not reach each other for a moment, and before anybody has acted on it one of them is killed',
  run: async (scene): Promise<Done> => {
    const { cluster, random } = scene;
    const [a, b] = await pairOfNodes(scene);
    const forMs = between(random, PATIENCE_MS.from, PATIENCE_MS.to);
    let killings: readonly string[] = [];
    const count = await treated(scene, swallow(bothWays(a, b)), forMs, async () => {
      killings = await kill(scene, [a]);
    });
    await servesAgain(cluster, [a]);
    const lost = count({ from: a, to: b });
    const proofs = lost.swallowed > 0 && killings.length > 0 ? [shown(lost), ...killings] : [];
    return { victims: [a, b], what: `cut ${a} and ${b} for ${forMs} ms, then killed ${a}`, proofs };
  },
};

const resetAll: Fault = {
  kind: 'reset-links',
  about: 'every connection of a process with the others is reset at once; it serves on',
  run: async (scene): Promise<Done> => {
    const part = one(scene.random, ['node', 'gateway', 'leader'] as const);
    const id = await victim(scene, part);
    const resets = await scene.cluster.reset(id);
    return {
      victims: [id],
      what: `reset the links of ${id} (${part})`,
      proofs: resets > 0 ? [`${resets} connections of ${id} reset`] : [],
    };
  },
};

const slow: Fault = {
  kind: 'slow-links',
  about: 'all that a node says arrives late for some seconds',
  run: async (scene): Promise<Done> => {
    const { cluster, random } = scene;
    const id = await victim(scene, 'node');
    const delayMs = between(random, 50, 150);
    const forMs = between(random, CUT_MS.from, CUT_MS.to);
    const all = [...cluster.ids('coordinator'), ...cluster.ids('node'), ...cluster.ids('gateway')];
    const others = all.filter((other) => other !== id);
    const rules = others.map((to) => ({ from: id, to, swallow: false, delayMs }));
    const count = await treated(scene, rules, forMs);
    const delayed = others.reduce((sum, to) => sum + count({ from: id, to }).delayed, 0);
    return {
      victims: [id],
      what: `delayed ${id} by ${delayMs} ms for ${forMs} ms`,
      proofs: delayed > 0 ? [`${delayed} bytes from ${id} delayed`] : [],
    };
  },
};

export const LINK_FAULTS: readonly Fault[] = [cut, oneWay, isolate, cutThenKill, resetAll, slow];
