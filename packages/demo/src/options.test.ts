import { expect, test } from '@jest/globals';
import { DEMO_DEFAULTS, demoOptions } from './options.js';

test('a speed changes what is a matter of taste, and not how long a connection may take', () => {
  expect(demoOptions()).toEqual(DEMO_DEFAULTS);
  expect(demoOptions(10)).toMatchObject({ thinkMinMs: 300, battleMaxMs: 7_500, connectMs: 30_000 });
});

test.each([0, -1, 0.05, 21, Number.NaN])('a speed of %d is refused', (speed) => {
  expect(() => demoOptions(speed)).toThrow("the demo's speed");
});
