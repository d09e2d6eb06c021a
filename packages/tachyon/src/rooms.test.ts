import { expect, test } from '@jest/globals';
import { roomIdOf } from './rooms.js';

test('names of rooms differ by more than case and the way of writing an accent', () => {
  expect(roomIdOf('Cafe\u0301')).toBe(roomIdOf('CAF\u00c9'));
  expect(roomIdOf('cafe')).not.toBe(roomIdOf('café'));
});
