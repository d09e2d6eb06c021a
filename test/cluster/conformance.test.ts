// The conformance cases once more, on a real cluster whose nodes are killed one after the other while they are played.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CASES, ONE_AT_A_TIME } from '../conformance/cases/all.js';
import type { Case } from '../conformance/cases/case.js';
import { FrameBook } from '../conformance/frames.js';
import { RealProcesses } from '../conformance/real-processes.js';
import { Stage } from '../conformance/stage.js';

const START_TIMEOUT_MS = 120_000;
const CASE_TIMEOUT_MS = 60_000;
/** Cases that run side by side: a cluster that has one client at a time is seldom hit in the act. */
const FREE_LANES = 3;
/** So many nodes have to die while clients look on. */
const KILLS = 4;
const ROUNDS_MAX = 6;

const book = new FrameBook();
const system = new RealProcesses();
let staged = 0;

beforeAll(() => system.start(), START_TIMEOUT_MS);
afterAll(() => system.stop(), START_TIMEOUT_MS);

/** @returns what went wrong, or undefined. */
async function played(title: string, play: (stage: Stage) => Promise<void>): Promise<string | undefined> {
  staged += 1;
  const stage = new Stage(system, book, `k${staged}`);
  const kills = system.killed.length;
  try {
    await play(stage);
    await stage.finish();
    return undefined;
  } catch (error) {
    const meanwhile = system.killed.slice(Math.max(0, kills - 1)).join();
    return `${title} (killed about then: ${meanwhile}): ${(error as Error).message}`;
  } finally {
    await stage.leave();
  }
}

test(
  'while nodes are killed every case goes as it does without',
  async () => {
    system.startKilling();
    const wrong: string[] = [];
    for (let round = 0; round < ROUNDS_MAX && system.killed.length < KILLS && wrong.length === 0; round += 1) {
      // There are only so many autohosts.
      const single = round > 0 ? [] : CASES.filter((one) => ONE_AT_A_TIME.has(one));
      const free = CASES.filter((one) => !ONE_AT_A_TIME.has(one));
      const lane = async (left: Case[]): Promise<void> => {
        for (let next = left.shift(); next; next = left.shift()) {
          const said = await played(next.title, next.play);
          if (said !== undefined) wrong.push(said);
        }
      };
      await Promise.all([lane(single), ...Array.from({ length: FREE_LANES }, () => lane(free))]);
    }
    await system.stopKilling();
    expect(wrong).toEqual([]);
    expect(system.killed.length).toBeGreaterThanOrEqual(KILLS);
  },
  CASE_TIMEOUT_MS * 10,
);
