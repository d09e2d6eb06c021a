import { describe, expect, test } from '@jest/globals';
import type { ReportedChange, ShardRow } from '@muster/cluster';
import { peerId, term } from '@muster/ports';
import { arrange, isWaiting } from './placement.js';
import { A, B, C, D, input, inSync, one, step, type World } from './small-world.test-kit.js';

describe('a row', () => {
  const nodes = [A, B, C];
  const first = (world: Omit<World, 'nodes'>) => step({ nodes, ...world })[0]!;

  test('its owner dies: the backup owns it under the next term, and somebody else learns it, in one step', () => {
    const row = first({ rows: one({}), dead: new Set([A]) });
    expect(row).toMatchObject({ owner: B, backup: '', learner: C, term: 8, sure: true });
    expect(first({ rows: one({}), dead: new Set([A]), unsure: true }).sure).toBeUndefined();
  });

  test('its owner is given up: the backup takes over, and nobody says that the owner is surely dead (K7)', () => {
    const row = first({ rows: one({}), givenUp: new Set([A]) });
    expect(row).toMatchObject({ owner: B, backup: '', learner: C, term: 8 });
    expect(row.sure).toBeUndefined();
  });

  test('its backup is given up: it stays, and somebody learns beside it before the owner asks; that one replaces it', () => {
    const row = first({ rows: one({}), givenUp: new Set([B]) });
    expect(row).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    expect(first({ rows: [row], givenUp: new Set([B]), says: inSync })).toMatchObject({
      backup: C,
      learner: '',
      term: 8,
    });
    expect(first({ rows: one({}), nodes: [A, B], givenUp: new Set([B]) } as World)).toMatchObject({
      backup: B,
      learner: '',
    });
  });

  test('its owner is given up and there is no backup: it waits until the owner is dead or back', () => {
    const rows = one({ backup: '', learner: C });
    expect(first({ rows, givenUp: new Set([A]) })).toBe(rows[0]);
    expect(first({ rows, dead: new Set([A]) })).toMatchObject({ owner: expect.stringMatching(/#1/), term: 8 });
  });

  test('a row says how its owner came to own it, until somebody else does', () => {
    const promoted = first({ rows: one({}), dead: new Set([A]) });
    expect(promoted).toMatchObject({ owner: B, origin: 'promoted', learner: C, term: 8 });
    const backed = first({ rows: [promoted], says: inSync });
    expect(backed).toMatchObject({ owner: B, origin: 'promoted', backup: C, term: 9 });
    const alone = step({ nodes: [B], rows: [backed], dead: new Set([A, C]) })[0]!;
    expect(alone).toMatchObject({ owner: B, origin: 'promoted', backup: '', term: 10 });
    expect(first({ rows: [alone], dead: new Set([B]) })).toMatchObject({ origin: 'placed', term: 11 });
  });

  test('K10: a learner is never promoted', () => {
    const rows = one({ backup: '', learner: C });
    const row = first({ rows, dead: new Set([A]), says: inSync });
    // Placed afresh, perhaps even on C, but as a shard that begins with nothing: C is told by its own row that it has no copy.
    expect(row).toMatchObject({ backup: '', term: 8 });
    expect(row.sure).toBeUndefined();
    expect(first({ rows: one({ backup: B, learner: C }), dead: new Set([A]) }).owner).toBe(B);
  });

  test('owner dead and backup silent: it waits for the only copy there is, and is placed afresh once both are dead', () => {
    const rows = one({});
    for (const silent of [{ unwell: new Set([B]) }, { givenUp: new Set([B]) }]) {
      const world = { rows, dead: new Set([A]), ...silent };
      expect(first(world)).toBe(rows[0]);
      expect(isWaiting(rows[0]!, input({ nodes, ...world }))).toBe(true);
    }
    expect(first({ rows, dead: new Set([A, B]) })).toMatchObject({ owner: C, backup: '', learner: '', term: 8 });
  });

  test('owner and backup are both silent: nothing is taken from either', () => {
    const rows = one({});
    expect(first({ rows, givenUp: new Set([A, B]) })).toBe(rows[0]);
  });

  test('K9: owner and backup are both silent for ever: they may be cut off together and answer, so the shard is nobody else’s', () => {
    const rows = one({});
    const world = { rows, dead: new Set([A, B]), unsure: true };
    expect(first(world)).toBe(rows[0]);
    expect(isWaiting(rows[0]!, input({ nodes, ...world }))).toBe(true);
    // Alone the owner could let nothing out without its backup, or without storage.
    expect(first({ ...world, rows: one({ backup: '' }) })).toMatchObject({ origin: 'placed', term: 8 });
  });

  test('its backup dies: term + 1 without it, and another learner at once', () => {
    expect(first({ rows: one({}), dead: new Set([B]) })).toMatchObject({ owner: A, backup: '', learner: C, term: 8 });
  });

  test('K9: a backup that is only silent stays, however long, until its owner says that it has lost it', () => {
    const rows = one({});
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const givenUp = new Set([B]);
    expect(first({ rows, givenUp })).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    expect(first({ rows, givenUp, says })).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    const world = { rows, dead: new Set([B]), unsure: true };
    expect(first(world)).toBe(rows[0]);
    expect(first({ ...world, says })).toMatchObject({ owner: A, backup: '', learner: C, term: 8 });
  });

  test('while it moves its target is no backup to be, and only who drives the move replaces it', () => {
    const rows = one({ learner: C, state: 'moving', move: '7.1' });
    expect(first({ rows, says: inSync })).toBe(rows[0]);
    expect(first({ rows, dead: new Set([C]) })).toBe(rows[0]);
    const ended = { backup: '', learner: C, state: 'stable', move: '', term: 8 };
    expect(first({ rows, dead: new Set([B]) })).toMatchObject(ended);
    expect(first({ rows, dead: new Set([A]) })).toMatchObject({ owner: B, learner: C, state: 'stable', move: '' });
  });

  test('K3: a new incarnation of its backup is nobody’s backup, and may learn like everybody else', () => {
    const next = peerId('b', '2');
    const row = step({ nodes: [A, next], rows: one({}) })[0]!;
    expect(row).toMatchObject({ owner: A, backup: '', learner: next, term: 8 });
  });

  test('its learner dies: another one, under the same term', () => {
    const rows = one({ backup: '', learner: B });
    expect(first({ rows, dead: new Set([B]) })).toMatchObject({ owner: A, backup: '', learner: C, term: 7 });
  });

  test('its learner has caught up: it is the backup, and no report about another learner counts', () => {
    const rows = one({ backup: '', learner: C });
    expect(first({ rows, says: inSync })).toMatchObject({ owner: A, backup: C, learner: '', term: 8 });
    expect(first({ rows, says: () => [['learner-in-sync', B]] })).toBe(rows[0]);
  });

  test('a learner beside a backup takes its place without a moment with neither', () => {
    const rows = one({ learner: C });
    expect(first({ rows })).toBe(rows[0]);
    expect(first({ rows, says: inSync })).toMatchObject({ backup: C, learner: '', term: 8 });
    expect(first({ rows, dead: new Set([B]) })).toMatchObject({ backup: '', learner: C, term: 8 });
  });

  test('K9: a backup that its owner reports lost stays while it may be alive, and a learner beside it takes its place', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const beside = first({ rows: one({}), says });
    expect(beside).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    // The owner dies before the learner is in sync: who has everything that was let out goes on.
    expect(first({ rows: [beside], says, dead: new Set([A]) })).toMatchObject({
      owner: B,
      backup: '',
      learner: C,
      term: 8,
    });
    expect(first({ rows: [beside], says: (row) => [...says(), ...inSync(row)] })).toMatchObject({
      owner: A,
      backup: C,
      learner: '',
      term: 8,
    });
    // Not heard at this moment is no reason to give up what is there: a learner will be heard again, or be given up.
    expect(first({ rows: one({}), says, unwell: new Set([C]) })).toMatchObject({ backup: B, learner: '', term: 7 });
    // The learner is lost as well: a third one learns.
    const lost = (): [ReportedChange, string][] => [...says(), ['backup-lost', C]];
    expect(step({ nodes: [A, B, C, D], rows: [beside], says: lost })[0]).toMatchObject({
      backup: B,
      learner: D,
      term: 7,
    });
  });

  test('K9: a backup that its owner reports lost is dropped where it is dead, or where nobody else could learn: storage is the second place then', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const dropped = { owner: A, backup: '', term: 8 };
    expect(first({ rows: one({}), says, dead: new Set([B]), unsure: true })).toMatchObject({ ...dropped, learner: C });
    expect(first({ rows: one({ learner: C }), says, dead: new Set([B]) })).toMatchObject({ ...dropped, learner: C });
    expect(step({ nodes: [A, B], rows: one({}), says })[0]).toMatchObject({ ...dropped, learner: B });
    for (const out of [{ givenUp: new Set([C]) }, { dead: new Set([C]) }, { leaving: new Set([C]) }])
      expect(first({ rows: one({}), says, ...out })).toMatchObject({ ...dropped, learner: B });
    const lost = (): [ReportedChange, string][] => [...says(), ['backup-lost', C]];
    expect(first({ rows: one({ learner: C }), says: lost })).toMatchObject(dropped);
    expect(first({ rows: one({ backup: '', learner: B }), says })).toMatchObject({ backup: '', learner: C, term: 7 });
  });

  test('a backup that is back is the backup under the next term, which makes void what was said of it before', () => {
    const says = ({ term: of }: ShardRow): [ReportedChange, string][] => (of === 7 ? [['backup-back', B]] : []);
    const back = first({ rows: one({ learner: C }), says });
    expect(back).toMatchObject({ owner: A, backup: B, learner: C, term: 8 });
    expect(first({ rows: [back], says })).toBe(back);
    expect(first({ rows: one({}), says, unwell: new Set([A]) })).toMatchObject({ term: 7 });
  });

  test('a move cannot go on without the backup: it ends, and its target is to be the backup', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const stable = { owner: A, backup: B, learner: C, state: 'stable', move: '', term: 7 };
    for (const learner of [C, ''] as const)
      expect(first({ rows: one({ state: 'moving', move: '7.1', learner }), says })).toMatchObject(stable);
  });

  test('K4: in a table older than storage neither owner nor backup counts', () => {
    const old = { ...input({ nodes, rows: one({}) }), floorTerm: term(90), outdated: true };
    expect(arrange(old)[0]).toMatchObject({ backup: '', term: 91 });
  });
});
