import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { type Case, story } from './case.js';

/** What an autohost says of itself first. */
export const STATUS = {
  maxBattles: 4,
  currentBattles: 0,
  availableEngines: ['105.1.1-2590'],
};

/** An autohost that has said what it can and was asked for its updates. */
export async function readyAutohost(stage: Stage, status: object = STATUS): Promise<Peer> {
  const autohost = await stage.autohost();
  autohost.greet = async () => {
    autohost.tell('autohost/status', status);
    autohost.answer(await autohost.asked('autohost/subscribeUpdates'));
  };
  await autohost.greet();
  return autohost;
}

export const AUTOHOST_CASES: readonly Case[] = [
  story('an autohost says its status first and is asked for its updates', async (stage) => {
    const autohost = await readyAutohost(stage);
    autohost.tell('autohost/status', { ...STATUS, currentBattles: 1 });
  }),

  story('an autohost that says something else before its status is sent away with 1008', async (stage) => {
    const autohost = await stage.autohost();
    autohost.tell('autohost/update', {
      battleId: '00000000-0000-4000-8000-000000000000',
      time: 1,
      update: { type: 'start' },
    });
    const { code } = await autohost.ended();
    // It is asked as soon as it is connected.
    autohost.mayHaveHeard('autohost/subscribeUpdates');
    if (code !== 1008) throw new Error(String(code));
  }),
];
