import { expect, test } from '@jest/globals';
import { playerId } from '@muster/ports';
import { Town } from './testdata/town.js';

const ANN = 'g1#a/1';
const about = (...userIds: readonly string[]) => ({
  userIds: [...userIds],
  reason: { type: 'cheating' },
  message: 'fog',
});

async function town(): Promise<Town> {
  const place = new Town('ann', 'bob', 'cas');
  await place.signIn('1', ANN);
  return place;
}

test('a report is answered when it is kept, once for each user named', async () => {
  const place = await town();
  place.ask('1', ANN, 'report', about('2', '3', '2'));
  expect(await place.told(50)).toEqual(['g1#a/1 null']);
  const [report] = await place.storage.moderation.reports({ max: 9 });
  expect(report).toMatchObject({ reporter: '1', users: ['2', '3'], type: 'cheating', message: 'fog' });
});

test('somebody unknown or oneself cannot be reported', async () => {
  const place = await town();
  place.ask('1', ANN, 'report', about('2', '9'));
  place.ask('1', ANN, 'report', about('1'));
  expect([...(await place.told(50))].sort()).toEqual(['g1#a/1 REFUSED invalid_request', 'g1#a/1 REFUSED unknown_user']);
  expect(await place.storage.moderation.reports({ max: 9 })).toEqual([]);
});

test('user 0, who can be nobody, is unknown; a text that cannot be kept is the client’s fault, not the server’s', async () => {
  const place = await town();
  place.ask('1', ANN, 'report', about('2', '0'));
  expect(await place.told(50)).toEqual(['g1#a/1 REFUSED unknown_user']);
  place.ask('1', ANN, 'report', { ...about('2'), message: 'NUL \0' });
  expect(await place.told(50)).toEqual(['g1#a/1 REFUSED invalid_request']);
  place.ask('1', ANN, 'report', { ...about('2'), reason: { type: '' } });
  expect(await place.told(50)).toEqual(['g1#a/1 REFUSED invalid_request']);
});

test('so many reports in an hour', async () => {
  const place = await town();
  for (let i = 0; i < 21; i += 1) {
    place.ask('1', ANN, 'report', about('2'));
    expect(await place.told(50)).toEqual([i < 20 ? 'g1#a/1 null' : 'g1#a/1 REFUSED invalid_request']);
  }
  await place.told(3_600_000);
  place.ask('1', ANN, 'report', about('2'));
  await place.told(50);
  expect(await place.storage.moderation.reports({ max: 99, about: playerId('2') })).toHaveLength(21);
});

test('a report whose answer was lost with its process is kept once', async () => {
  const place = await town();
  place.storageDown = true;
  place.ask('1', ANN, 'report', about('2'));
  await place.told(500);
  place.promote();
  place.storageDown = false;
  await place.told(2_000);
  expect(await place.storage.moderation.reports({ max: 9 })).toHaveLength(1);
});
