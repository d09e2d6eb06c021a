import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AdminArguments, CoordinatorDocument, MemberDocument, StatusDocument } from '@muster/coordinator';
import { rolloutPlan } from './rollout.js';
import { runMusterctl } from './run.js';
import { ANSWERS, TROUBLED } from './testdata/documents.js';
import { FakeAdmin, type FakeAnswer, FakeTerminal, refused } from './testdata/fake-admin.js';

const [, HEALTHY] = ANSWERS.status;
const [, LIST] = ANSWERS['node.list'];
const [, COORDINATORS] = ANSWERS['coordinator.list'];
const POLL = { pollMs: 5, restMs: 40 };

/** A cluster whose processes come back when they are asked to end, after a few looks at it. */
class FakeCluster {
  readonly admin = new FakeAdmin();
  readonly restarted: string[] = [];
  /** Looks that it takes before a process is back, and before all is well. */
  slow = 2;
  status: StatusDocument = { ...HEALTHY, shards: { ...HEALTHY.shards, moving: 0 } };
  coordinators: CoordinatorDocument[] = [...COORDINATORS.coordinators];
  nodes: MemberDocument[] = LIST.nodes.map((node) => ({ ...node, state: 'up' as const }));
  gateways: MemberDocument[] = LIST.gateways.map((gateway) => ({ ...gateway, state: 'up' as const }));
  /** Answers before the cluster does, where it returns something. */
  first: (command: string) => FakeAnswer | undefined = () => undefined;
  private returning: (() => void) | undefined;
  private looks = 0;

  constructor() {
    this.admin.answer = ({ command, args }) => this.first(command) ?? this.answer(command, args);
  }

  private answer(command: string, args: unknown): FakeAnswer {
    if (command === 'process.restart') return this.restart((args as AdminArguments['process.restart']).peer);
    this.looks += 1;
    if (this.looks === this.slow) this.returning?.();
    const isWell = this.looks > 2 * this.slow;
    const moving = isWell || !this.returning ? 0 : 3;
    if (command === 'status') return { body: { ...this.status, shards: { ...this.status.shards, moving } } };
    if (command === 'coordinator.list') return { body: { epoch: 5, coordinators: this.coordinators } };
    return { body: { epoch: 5, nodes: this.nodes, gateways: this.gateways } };
  }

  private restart(peer: string): FakeAnswer {
    const lists = [this.coordinators, this.nodes, this.gateways] as { id: string; peer: string }[][];
    const list = lists.find((one) => one.some((member) => member.peer === peer));
    if (!list) return refused(404, 'NOT_FOUND', `process ${peer} is not known`);
    this.restarted.push(peer);
    this.looks = 0;
    const at = list.findIndex((member) => member.peer === peer);
    const former = list[at]!;
    this.returning = () => list.splice(at, 0, { ...former, peer: `${former.id}#new` });
    list.splice(at, 1);
    return { body: { epoch: 5, accepted: true, role: 'node', peer } };
  }
}

let cluster: FakeCluster;
let url: string;
beforeEach(async () => {
  cluster = new FakeCluster();
  url = await cluster.admin.listen();
});
afterEach(() => cluster.admin.close());

async function rollout(flags = '', terminal = new FakeTerminal()) {
  const args = ['rollout', 'restart', ...flags.split(' ').filter(Boolean), '--admin', url];
  const exit = await runMusterctl(args, terminal, POLL);
  return { exit, out: terminal.stdout, err: terminal.stderr };
}

const ids = () => cluster.restarted.map((peer) => peer.split('#')[0]);

test('standbys, the vice, the leader, then nodes, then gateways: one at a time, each when all is well', async () => {
  const { exit, out } = await rollout('--json');
  expect(exit).toBe(0);
  const order = [
    'coordinator-3',
    'coordinator-2',
    'coordinator-1',
    'node-1',
    'node-2',
    'node-3',
    'gateway-1',
    'gateway-2',
  ];
  expect(ids()).toEqual(order);
  const said = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step?: number });
  expect(said.map(({ type, step }) => `${type}${step ?? ''}`)).toEqual([
    'plan',
    ...order.flatMap((_, n) => [`asked${n + 1}`, `back${n + 1}`, `settled${n + 1}`]),
    'done',
  ]);
});

test('a person reads what happens, line by line', async () => {
  const { out } = await rollout('--roles gateways');
  const said = out.replace(/\d+ ms/g, '7 ms');
  const page = readFileSync(join(import.meta.dirname, '../../../docs/musterctl.md'), 'utf8');
  expect(page).toContain(`$ musterctl rollout restart --roles gateways\n${said}`);
  expect(said).toBe(`One at a time: gateway-1, gateway-2
[1/2] gateway-1 hands off what it has and ends
[1/2] gateway-1 is back as gateway-1#new after 7 ms
[1/2] all is well after 7 ms
[2/2] gateway-2 hands off what it has and ends
[2/2] gateway-2 is back as gateway-2#new after 7 ms
[2/2] all is well after 7 ms
Done: 2 restarted in 7 ms
`);
});

describe('a cluster that is not at rest', () => {
  test('is not touched', async () => {
    cluster.status = TROUBLED;
    const { exit, err } = await rollout();
    expect([exit, cluster.restarted]).toEqual([5, []]);
    expect(err).toContain('the cluster is not at rest: The cluster store does not answer');
    expect(err).toContain('try: --force begins nevertheless');
  });

  test('is waited for where it comes to rest', async () => {
    let looks = 0;
    cluster.first = (command) => {
      if (command !== 'status') return undefined;
      looks += 1;
      return looks <= 2 ? { body: TROUBLED } : undefined;
    };
    const { exit, out } = await rollout('--roles gateways');
    expect([exit, ids()]).toEqual([0, ['gateway-1', 'gateway-2']]);
    expect(out).toMatch(/^Waits for the cluster to come to rest: The cluster store does not answer.*\nOne at a time/);
  });

  test('is restarted all the same with --force', async () => {
    cluster.status = TROUBLED;
    expect([(await rollout('--force --roles gateways')).exit, ids()]).toEqual([0, ['gateway-1', 'gateway-2']]);
  });
});

test('a process that does not come back ends it, and it is said how to go on', async () => {
  cluster.slow = Number.POSITIVE_INFINITY;
  const { exit, err } = await rollout('--roles nodes --step-timeout 100ms');
  expect([exit, ids()]).toEqual([6, ['node-1']]);
  expect(err).toContain('node-1 did not come back');
  expect(err).toContain('`musterctl rollout restart --from node-1` goes on with it');
});

test('it goes on where it was left', async () => {
  expect([(await rollout('--from node-3')).exit, ids()]).toEqual([0, ['node-3', 'gateway-1', 'gateway-2']]);
  expect((await rollout('--from node-9')).exit).toBe(3);
});

test('a leader that changes in between is waited for; a run that is gone by then was restarted', async () => {
  let asked = 0;
  cluster.first = (command) => {
    if (command !== 'process.restart') return undefined;
    asked += 1;
    if (asked === 1) return refused(409, 'NOT_LEADER', 'coordinator-1 does not lead');
    if (asked === 2) return refused(503, 'UNREACHABLE', 'no link to node-1');
    return undefined;
  };
  expect([(await rollout('--roles nodes')).exit, ids()]).toEqual([0, ['node-1', 'node-2', 'node-3']]);
  cluster.first = (command) => {
    if (command !== 'process.restart') return undefined;
    cluster.nodes = cluster.nodes.map((node) => ({ ...node, peer: `${node.id}#newer` }));
    return refused(404, 'NOT_FOUND', 'gone');
  };
  const { out } = await rollout('--roles nodes');
  expect(out).toContain('[1/3] node-1 has ended already\n[1/3] node-1 is back as node-1#newer');
});

test('Ctrl-C ends it between two looks, and says how to go on', async () => {
  cluster.slow = Number.POSITIVE_INFINITY;
  const terminal = new FakeTerminal();
  const ended = rollout('--roles nodes', terminal);
  await terminal.said('hands off');
  terminal.interrupt();
  const { exit, err } = await ended;
  expect(exit).toBe(1);
  expect(err).toContain('interrupted');
  expect(err).toContain('--from node-1');
});

test('wrong roles are wrong usage', async () => {
  const { exit, err } = await rollout('--roles nodes,relays');
  expect([exit, cluster.admin.asked]).toEqual([2, []]);
  expect(err).toContain('relays is none of coordinators, nodes, gateways');
});

test('ten comes after nine', () => {
  const nodes = [10, 9, 1].map((n) => ({ ...LIST.nodes[0]!, id: `node-${n}`, peer: `node-${n}#a` }));
  expect(rolloutPlan([], nodes, [], ['nodes']).map(({ id }) => id)).toEqual(['node-1', 'node-9', 'node-10']);
});
