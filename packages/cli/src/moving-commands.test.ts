import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMusterctl } from './run.js';
import { ANSWERS } from './testdata/documents.js';
import { FakeAdmin, type FakeAnswer, FakeTerminal, refused } from './testdata/fake-admin.js';

let admin: FakeAdmin;
let url: string;
/** Answers to each command, one after the other; the last one stays. */
let answers: Record<string, FakeAnswer[]>;
beforeEach(async () => {
  admin = new FakeAdmin();
  url = await admin.listen();
  answers = {};
  admin.answer = ({ command }) => {
    const [first, ...more] = answers[command]!;
    if (more.length > 0) answers[command] = more;
    return first;
  };
});
afterEach(() => admin.close());

async function musterctl(line: string) {
  const terminal = new FakeTerminal();
  const exit = await runMusterctl([...line.split(' '), '--admin', url], terminal, { pollMs: 1 });
  return { exit, out: terminal.stdout.replace(/after \d+ ms/, 'after 7 ms'), err: terminal.stderr };
}

const [, DRAIN] = ANSWERS['node.drain'];
const [, SHOWN] = ANSWERS['node.show'];
const [, MOVE] = ANSWERS['shard.move'];
const [, MOVES] = ANSWERS['move.list'];
const gone = { ...SHOWN, owns: [], backs: [], learns: [] };

describe('node drain --wait', () => {
  test('waits until the node owns, backs and learns nothing', async () => {
    answers = {
      'node.drain': [{ body: DRAIN }],
      'node.show': [SHOWN, { ...gone, backs: [1] }, { ...gone, learns: [1] }, gone].map((body) => ({ body })),
    };
    const { exit, out } = await musterctl('node drain node-2 --wait');
    expect(exit).toBe(0);
    expect(out).toContain('node-2 hands off everything');
    expect(out).toContain('node-1 has nothing any more after 7 ms');
    expect(admin.asked.map(({ command }) => command)).toEqual(['node.drain', ...Array(4).fill('node.show')]);
  });

  test('has its time', async () => {
    answers = { 'node.drain': [{ body: DRAIN }], 'node.show': [{ body: SHOWN }] };
    const { exit, err } = await musterctl('node drain node-2 --wait 20ms');
    expect([exit, err]).toEqual([6, 'musterctl: node-2 still has shards\n']);
  });

  test('outlives a change of the leader', async () => {
    const changing = refused(409, 'NOT_LEADER', 'coordinator-1 does not lead');
    answers = { 'node.drain': [{ body: DRAIN }], 'node.show': [changing, { body: gone }] };
    expect((await musterctl('node drain node-2 --wait')).exit).toBe(0);
  });
});

describe('shard move --wait', () => {
  const under = { ...MOVES, moves: [{ ...MOVE, why: 'asked', phase: 'sealing' }], ended: [] };
  const ended = (end: string) => ({ ...MOVES, moves: [], ended: [{ ...MOVE, why: 'asked', end }] });

  test('waits until the move is over', async () => {
    answers = { 'shard.move': [{ body: MOVE }], 'move.list': [{ body: under }, { body: ended('moved') }] };
    const { exit, out } = await musterctl('shard move 17 --to node-2 --wait');
    expect([exit, out.split('\n')[1]]).toEqual([0, 'Shard 17 is at node-2 after 7 ms']);
  });

  test('where it was given up, that is a conflict', async () => {
    answers = { 'shard.move': [{ body: MOVE }], 'move.list': [{ body: ended('target-died') }] };
    const { exit, err } = await musterctl('shard move 17 --to node-2 --wait');
    expect([exit, err]).toEqual([5, 'musterctl: shard 17 stays where it was: target-died\n']);
  });

  test.each([
    [0, MOVE.to],
    [5, MOVE.from],
  ])('under another leader the row tells: %i where the owner is %s', async (code, owner) => {
    const [, shown] = ANSWERS['shard.show'];
    answers = {
      'shard.move': [{ body: MOVE }],
      'move.list': [{ body: { ...MOVES, moves: [], ended: [] } }],
      'shard.show': [{ body: { ...shown, shard: { ...shown.shard, owner } } }],
    };
    expect((await musterctl('shard move 17 --to node-2 --wait')).exit).toBe(code);
  });

  test('with --json: the order, then how it ended', async () => {
    answers = { 'shard.move': [{ body: MOVE }], 'move.list': [{ body: ended('moved') }] };
    const { out } = await musterctl('shard move 17 --to node-2 --wait --json');
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([MOVE, ended('moved').ended[0]]);
  });
});
