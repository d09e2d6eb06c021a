// What clients of the protocol see, command by command, through real sockets of a system in this process.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS, type CommandDefinition } from '@muster/tachyon';
import { CASES } from './cases/all.js';
import { needlessExcuses, notShown } from './completeness.js';
import { FrameBook, PUBLISHED_FILE } from './frames.js';
import { OneProcess } from './one-process.js';
import { Stage } from './stage.js';

const START_TIMEOUT_MS = 60_000;

const book = new FrameBook();
const system = new OneProcess();
let played = 0;

beforeAll(() => system.start(), START_TIMEOUT_MS);
afterAll(() => system.stop(), START_TIMEOUT_MS);

test.each(CASES.map(({ title, play }) => [title, play] as const))('%s', async (_, play) => {
  played += 1;
  const stage = new Stage(system, book, `c${played}`);
  try {
    await play(stage);
    await stage.finish();
  } finally {
    await stage.leave();
  }
});

const unserved = (COMMANDS as readonly CommandDefinition[]).filter(
  (command) => command.unserved && command.target && command.kind === 'request' && command.direction === 'user→server',
);

test('what nobody serves yet is command_unimplemented, and the connection stays', async () => {
  const stage = new Stage(system, book, 'unserved');
  const ann = await stage.player('ann');
  for (const { commandId, example } of unserved) await ann.fails('command_unimplemented', commandId, example.data);
  await stage.finish();
  await stage.leave();
});

describe('taken together the cases show', () => {
  test('of every served command that it happens, and each reason for which it may fail', () => {
    expect(notShown(book.shown)).toEqual([]);
  });

  test('nothing that is excused', () => {
    expect(needlessExcuses(book.shown)).toEqual([]);
  });

  (PUBLISHED_FILE === '' ? test.skip : test)('frames that fit the published schemas, both ways', () => {
    // Whatever did not fit has failed its case.
    expect(book.published).toBeGreaterThan(CASES.length);
  });
});
