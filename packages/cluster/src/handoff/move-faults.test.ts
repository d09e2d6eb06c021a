import { beforeEach, describe, expect, test } from '@jest/globals';
import { type EntityRef, type ShardId, term } from '@muster/ports';
import type { ClusterClient } from '../node/cluster-client.js';
import type { ComputeNode } from '../node/compute-node.js';
import { books, type Member, World } from '../world.test-kit.js';
import { TestLeader } from './leader.test-kit.js';

type Node = Member<ComputeNode>;

let world: World;
let n1: Node;
let n2: Node;
let n3: Node;
let g: Member<ClusterClient>;
let leader: TestLeader;
let a: EntityRef;
let shard: ShardId;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  n3 = await world.node('n3');
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  shard = world.where(a).shard;
  leader = new TestLeader(world, n1.cable.sibling());
  await world.clock.advance(10);
});

const lines = (): Promise<unknown> => world.answer(g, a, 'read');

function counted(node: Node, name: string, end?: string): number {
  return node.metrics.value(name, end === undefined ? undefined : { end });
}

async function stream(count: number): Promise<readonly Promise<unknown>[]> {
  const answers: Promise<unknown>[] = [];
  for (let i = 1; i <= count; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 3 === 0) await world.clock.advance(1);
  }
  return answers;
}

/** It dies in the very moment in which the shard is sealed: it will not answer. */
async function killedAtSeal(node: Node): Promise<void> {
  const { runtime } = n1.process;
  const seal = runtime.seal.bind(runtime);
  runtime.seal = (of) => {
    node.cable.kill();
    return seal(of);
  };
  expect(await world.clock.until(() => runtime.stateOf(shard) === 'sealed', 5_000)).toBe(true);
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('K13: only the store ends a seal', () => {
  test('while the store does not answer the shard stays sealed, however long; then the move goes on', async () => {
    await world.protect(n1, n2, a);
    leader.before = (what) => {
      if (what === 'mark') leader.storeMs = 1_500;
    };
    const id = leader.move(a, n3);
    expect(await world.clock.until(() => leader.phaseOf(id) === 'committing', 5_000)).toBe(true);
    const write = world.ask(g, a, 'write', { text: 'x' });
    await world.clock.advance(1_400);
    expect(n1.process.runtime.stateOf(shard)).toBe('sealed');
    expect(await world.answers([write])).toEqual([1]);
    expect(leader.ended).toEqual(['moved']);
    expect(n1.process.runtime.stateOf(shard)).toBe('closed');
  });

  test('a target that does not answer: the source asks for an abort after a second, and goes on when the store has cleared the move', async () => {
    await world.protect(n1, n2, a);
    leader.move(a, n3);
    await killedAtSeal(n3);
    const write = world.ask(g, a, 'write', { text: 'x' });
    expect(await world.clock.until(() => leader.ended.length > 0, 5_000)).toBe(true);
    expect(leader.ended).toEqual(['asked']);
    expect(counted(n1, 'muster_handoff_aborts_asked_total')).toBeGreaterThan(0);
    expect(await world.answers([write])).toEqual([1]);
    expect(counted(n1, 'muster_handoff_seals_total', 'reopened')).toBe(1);
    expect(world.row(shard)).toMatchObject({ owner: n1.peer, backup: n2.peer, learner: '', state: 'stable' });
  });

  test('the transaction does not happen: what waited is executed at the source, once and in order', async () => {
    await world.protect(n1, n2, a);
    leader.accepts = (what) => what !== 'commit';
    const answers = [...(await stream(10))];
    const id = leader.move(a, n3);
    for (let i = 11; leader.phaseOf(id) && i < 400; i += 1) {
      answers.push(world.ask(g, a, 'write', { text: String(i) }));
      await world.clock.advance(1);
    }
    expect(leader.ended).toEqual(['not-committed']);
    expect(await world.answers(answers)).toEqual(upTo(answers.length));
    expect(n1.process.runtime.stateOf(shard)).toBe('open');
  });

  test.each(['catching-up', 'sealing', 'committing'])(
    'the leader dies while it is %s: its successor clears the move, and the source goes on',
    async (phase) => {
      await world.protect(n1, n2, a);
      await world.answers(await stream(5));
      leader.deaf = phase === 'sealing';
      leader.before = () => {
        if (phase === 'committing') leader.storeMs = 100;
      };
      const id = leader.move(a, n3);
      expect(await world.clock.until(() => leader.phaseOf(id) === phase, 5_000)).toBe(true);
      leader.kill();
      const write = world.ask(g, a, 'write', { text: 'x' });
      await world.clock.advance(500);
      if (phase !== 'catching-up') expect(n1.process.runtime.stateOf(shard)).toBe('sealed');
      const successor = new TestLeader(world, n1.cable.sibling(), 2);
      const row = world.row(shard);
      expect(row.state).toBe('moving');
      successor.write({ ...row, learner: '', state: 'stable', move: '' });
      expect(await world.answers([write])).toEqual([6]);
      expect(n1.process.runtime.stateOf(shard)).toBe('open');
      expect(await successor.moved(a, n3)).toBe('moved');
      expect(await lines()).toEqual(['1', '2', '3', '4', '5', 'x']);
    },
  );

  test('a seal of a leader that was deposed is not heard', async () => {
    await world.protect(n1, n2, a);
    const successor = new TestLeader(world, n1.cable.sibling(), 2);
    expect(await successor.moved(a, n3)).toBe('moved');
    expect(await successor.moved(a, n1)).toBe('moved');
    leader.move(a, n3);
    await world.clock.advance(1_000);
    expect(n1.process.runtime.stateOf(shard)).toBe('open');
  });
});

test('the new owner is heard before its row: the source, its backup now, needs no snapshot', async () => {
  await world.protect(n1, n2, a);
  await world.answers(await stream(10));
  leader.late = [n1];
  expect(await leader.moved(a, n2)).toBe('moved');
  expect(await world.answer(g, a, 'write', { text: 'x' })).toBe(11);
  await world.clock.advance(50);
  expect(n1.process.backups.stateOf(shard)).toMatchObject({ phase: 'complete', owner: n2.peer, position: 11 });
  expect(n2.metrics.value('muster_replication_shipped_total', { type: 'snapshot' })).toBe(0);
});

describe('deaths', () => {
  test('the source dies while it is sealed: its backup goes on with everything that was acknowledged', async () => {
    const inTerm = await world.protect(n1, n2, a);
    await world.answers(await stream(10));
    leader.deaf = true;
    leader.move(a, n3);
    expect(await world.clock.until(() => n1.process.runtime.stateOf(shard) === 'sealed', 5_000)).toBe(true);
    n1.cable.kill();
    leader.died(n1.peer);
    leader.write({
      ...world.row(shard),
      owner: n2.peer,
      origin: 'promoted',
      backup: '',
      learner: n3.peer,
      term: term(inTerm + 1),
      state: 'stable',
      move: '',
      sure: true,
    });
    expect(await lines()).toEqual(upTo(10).map(String));
    // What the target had of the move is nothing: it begins again as a learner.
    await world.clock.advance(100);
    expect(n3.process.backups.stateOf(shard)).toMatchObject({ owner: n2.peer, phase: 'complete' });
  });

  test('the backup dies while the source is sealed: the new term opens it', async () => {
    const inTerm = await world.protect(n1, n2, a);
    leader.deaf = true;
    const id = leader.move(a, n3);
    expect(await world.clock.until(() => n1.process.runtime.stateOf(shard) === 'sealed', 5_000)).toBe(true);
    n2.cable.kill();
    leader.write({ ...world.row(shard), backup: '', term: term(inTerm + 1), state: 'stable', move: '' });
    expect(await world.answer(g, a, 'write', { text: 'x' })).toBe(1);
    expect(leader.phaseOf(id)).toBeUndefined();
    expect(counted(n1, 'muster_handoff_seals_total', 'overtaken')).toBe(1);
  });

  test('the target dies right after the commit: the backup that followed has everything', async () => {
    const inTerm = await world.protect(n1, n2, a);
    await world.answers(await stream(10));
    expect(await leader.moved(a, n3)).toBe('moved');
    n3.cable.kill();
    leader.write({
      ...world.row(shard),
      owner: n2.peer,
      origin: 'promoted',
      backup: '',
      term: term(inTerm + 2),
      sure: true,
    });
    expect(await lines()).toEqual(upTo(10).map(String));
  });
});
