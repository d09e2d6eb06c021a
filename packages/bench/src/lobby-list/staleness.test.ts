import { expect, test } from '@jest/globals';
import { changesIn, dataOf } from './frames.js';
import { Staleness } from './staleness.js';

test('a quantile is the least value that so many do not exceed; what is too old counts as the oldest', () => {
  const staleness = new Staleness(100);
  expect(staleness.quantile(0.5)).toBeNaN();
  for (let ms = 1; ms <= 99; ms += 1) staleness.add(ms);
  staleness.add(5_000);
  expect([0, 0.5, 0.99, 1].map((share) => staleness.quantile(share))).toEqual([1, 50, 99, 100]);
  expect(staleness.count).toBe(100);
});

test("frames differ by their ids alone; a change of the list says which one it is, other lobbies' lines do not", () => {
  const lobbies = { a: { id: 'a', name: 'Change 12' }, b: { id: 'b', playerCount: 2 }, c: null };
  const frame = (id: string, command: string): Buffer =>
    Buffer.from(
      `{"type":"event","messageId":"${id}","commandId":"lobby/${command}","data":${JSON.stringify({ lobbies })}}`,
    );
  const [one, other] = [dataOf(frame('x/9', 'listUpdated')), dataOf(frame('y/10', 'listUpdated'))];
  expect(one!.equals(other!)).toBe(true);
  expect(changesIn(one!)).toEqual([12]);
  expect(dataOf(frame('x/1', 'listReset'))).toBeUndefined();
});
