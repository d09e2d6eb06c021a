// The lives of a lobby, its battle, a room and a party with the whole system stopped and started again between any two requests.
import { afterEach, expect, test } from '@jest/globals';
import { BATTLE_LIVES, LIVES } from './cases/lives.js';
import { FrameBook } from './frames.js';
import { OneProcess } from './one-process.js';
import { Stage } from './stage.js';

const TEST_TIMEOUT_MS = 300_000;
/** Requests of the shortest life. */
const MANY = 8;

const running: OneProcess[] = [];
afterEach(async () => {
  for (const system of running.splice(0)) await system.stop();
}, TEST_TIMEOUT_MS);

test.each([...LIVES, ...BATTLE_LIVES].map(({ title, play }) => [title, play] as const))(
  '%s goes on over restarts of the whole system',
  async (_, play) => {
    const system = new OneProcess({ restarts: true });
    running.push(system);
    await system.start();
    const stage = new Stage(system, new FrameBook(), 'life');
    await play(stage);
    await stage.finish();
    expect(system.starts).toBeGreaterThan(MANY);
    await stage.leave();
  },
  TEST_TIMEOUT_MS,
);
