import { expect, test } from '@jest/globals';
import { Unsaved } from './unsaved.js';

const OPTIONS = { tailCharsMin: 100, unsavedMax: 10 };
const named = (...names: readonly string[]) => names.map((entity) => ({ entity }));

test('all that is to be stored whole is in a call that names each of them; who only has a long tail is not waited for', () => {
  const unsaved = new Unsaved(OPTIONS, () => true);
  unsaved.becameLong('player/3');
  expect(unsaved.isAllIn([])).toBe(true);
  unsaved.want('player/1', 4);
  unsaved.want('player/2', 5);
  expect(
    [named('player/1'), named('player/1', 'player/3'), named('player/2', 'player/1')].map((actors) =>
      unsaved.isAllIn(actors),
    ),
  ).toEqual([false, false, true]);
});

test('who changed while its text was on its way is to be stored again, from that change on', () => {
  const unsaved = new Unsaved(OPTIONS, () => true);
  unsaved.want('player/1', 4);
  unsaved.taken(['player/1']);
  unsaved.want('player/1', 7);
  expect(unsaved.from).toBe(4);
  unsaved.arrived('player/1', 50);
  expect([unsaved.from, [...unsaved.names()]]).toEqual([7, ['player/1']]);
  unsaved.taken(['player/1']);
  unsaved.arrived('player/1', 50);
  expect([unsaved.from, unsaved.size]).toEqual([Infinity, 0]);
});
