import { expect, test } from '@jest/globals';
import { ANN, Stage } from './testdata/stage.js';

const SESSION = 'g1#a/1';

test('an account that was changed shows at once to whoever follows the player; the same again is no news', () => {
  const stage = new Stage();
  stage.attach(SESSION);
  const account = { ...ANN, roles: ['moderator' as const] };
  const { published } = stage.from(SESSION, 'accountChanged', { account });
  expect(published).toMatchObject([{ name: 'user/updated', data: { users: [{ roles: ['moderator'] }] } }]);
  expect(stage.from(SESSION, 'accountChanged', { account }).published).toEqual([]);
  expect(stage.snapshot('self')).toMatchObject({ user: { roles: ['moderator'] } });
});

test('only the gateway that holds the session says so', () => {
  const stage = new Stage();
  stage.attach(SESSION);
  expect(stage.from('g2#a/1', 'accountChanged', { account: ANN }).refuse).toBe('superseded');
  expect(stage.internal('accountChanged', { account: ANN }).refuse).toBe('invalid_request');
});
