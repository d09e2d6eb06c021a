// The whole actor in a real runtime: what the rules' own tests cannot show.
import { expect, test } from '@jest/globals';
import { entity, shardOfKey } from '@muster/ports';
import { Town } from './testdata/town.js';

const a = 'g1#a/1';
const b = 'g2#b/1';

async function annAndBob(): Promise<Town> {
  const town = new Town('ann', 'bob');
  await town.signIn('1', a);
  await town.signIn('2', b);
  return town;
}

test('two players on two gateways talk to each other', async () => {
  const town = await annAndBob();
  town.ask('2', b, 'subscribeReceived', {});
  expect(await town.told()).toEqual([expect.stringMatching(/^g2#b\/1 {"hasMissedMessages":false,/)]);
  town.ask('1', a, 'send', { target: { type: 'player', userId: '2' }, message: 'hello' });
  const [reply, event] = await town.told();
  expect(reply).toBe(`${a} null`);
  expect(event).toMatch(/^g2#b 2 messaging\/received \{"message":"hello","source":\{"type":"player","userId":"1"\}/);
});

test('what was kept comes after the response, and says what caused it (K16)', async () => {
  const town = await annAndBob();
  for (const message of ['one', 'two']) town.ask('1', a, 'send', { target: { type: 'player', userId: '2' }, message });
  await town.told();
  const request = town.ask('2', b, 'subscribeReceived', { since: { type: 'from_start' } });
  await town.clock.advance(5);
  expect(town.seen.map((seen) => (seen.type === 'event' ? [seen.name, seen.cause] : 'reply'))).toEqual([
    'reply',
    ['messaging/received', `${b}:${request}`],
    ['messaging/received', `${b}:${request}`],
  ]);
});

test('a request that a gateway sends twice is done once and answered twice with the same (K11)', async () => {
  const town = await annAndBob();
  town.ask('2', b, 'subscribeReceived', {});
  await town.told();
  const request = town.ask('1', a, 'send', { target: { type: 'player', userId: '2' }, message: 'once' });
  town.ask('1', a, 'send', { target: { type: 'player', userId: '2' }, message: 'once' }, request);
  const told = await town.told();
  expect(told.filter((line) => line === `${a} null`)).toHaveLength(2);
  expect(told.filter((line) => line.includes('once'))).toHaveLength(1);
});

test('following users asks their actors, answers, and then tells the gateway with the cause of the request (K16)', async () => {
  const town = await annAndBob();
  const request = town.ask('1', a, 'subscribeUpdates', { userIds: ['2', '1'] });
  await town.clock.advance(20);
  expect(town.seen).toEqual([
    { type: 'reply', session: a, request, outcome: { ok: true, json: 'null' } },
    {
      type: 'event',
      gateway: 'g1#a',
      from: '1',
      topic: 'self',
      name: 'muster:watch',
      data: { session: a, userIds: ['2', '1'] },
      cause: `${a}:${request}`,
    },
  ]);
});

test('one unknown user and nobody is followed', async () => {
  const town = await annAndBob();
  town.ask('1', a, 'subscribeUpdates', { userIds: ['2', '77'] });
  expect(await town.told(20)).toEqual([`${a} REFUSED invalid_request`]);
});

test('users that cannot be looked up in time are an error, and the next attempt works', async () => {
  const town = await annAndBob();
  town.storageDown = true;
  town.addAccount('3', 'cas');
  town.ask('1', a, 'subscribeUpdates', { userIds: ['3'] });
  expect(await town.told(7_000)).toEqual([]);
  expect(await town.told(2_000)).toEqual([`${a} REFUSED internal_error`]);
  town.storageDown = false;
  town.ask('1', a, 'subscribeUpdates', { userIds: ['3'] });
  expect(await town.told(2_000)).toEqual([`${a} null`, `g1#a 1 muster:watch {"session":"${a}","userIds":["3"]}`]);
});

test('who follows a player sees it go 30 s after its gateway died, and come back at once', async () => {
  const town = await annAndBob();
  await town.listen('g2#b', '1', 'public');
  town.seen.length = 0;
  town.runtime.forgetSubscriber('g1#a');
  expect(await town.told(29_900)).toEqual([]);
  expect(await town.told(200)).toEqual(['g2#b 1 user/updated {"users":[{"userId":"1","status":"offline"}]}']);
  town.ask('1', 'g3#c/1', 'attach', { session: 'g3#c/1', gateway: 'g3#c', resume: false });
  expect(await town.told()).toEqual([
    'g3#c/1 {"login":2,"resumed":false,"watch":[],"places":{}}',
    'g2#b 1 user/updated {"users":[{"userId":"1","status":"menu"}]}',
  ]);
});

test('a link that breaks and comes back loses nobody', async () => {
  const town = await annAndBob();
  await town.listen('g2#b', '1', 'public');
  town.runtime.forgetSubscriber('g1#a');
  await town.clock.advance(1_000);
  await town.listen('g1#a', '1', 'self');
  town.seen.length = 0;
  expect(await town.told(60_000)).toEqual([]);
});

test('coming back within the grace is seen by nobody and keeps what was received meanwhile', async () => {
  const town = await annAndBob();
  await town.listen('g2#b', '1', 'public');
  town.runtime.forgetSubscriber('g1#a');
  town.ask('2', b, 'send', { target: { type: 'player', userId: '1' }, message: 'while away' });
  await town.clock.advance(20_000);
  town.seen.length = 0;
  town.ask('1', 'g3#c/1', 'attach', { session: 'g3#c/1', gateway: 'g3#c', resume: false });
  expect(await town.told(20_000)).toEqual(['g3#c/1 {"login":2,"resumed":true,"watch":[],"places":{}}']);
  await town.listen('g3#c', '1', 'self');
  town.ask('1', 'g3#c/1', 'subscribeReceived', { since: { type: 'from_start' } });
  expect((await town.told()).join()).toContain('while away');
});

test('the same user on both gateways ends as one session, the first is told (K12)', async () => {
  const town = new Town('ann');
  await town.signIn('1', a);
  town.ask('1', b, 'attach', { session: b, gateway: 'g2#b', resume: false });
  expect(await town.told()).toEqual([
    `${b} {"login":2,"resumed":true,"watch":[],"places":{}}`,
    `g1#a 1 muster:superseded {"session":"${a}"}`,
  ]);
  town.ask('1', a, 'send', { target: { type: 'player', userId: '1' }, message: 'x' });
  expect(await town.told()).toEqual([`${a} REFUSED superseded`]);
});

test('a session outlives the idle time after which its actor leaves memory', async () => {
  const town = await annAndBob();
  town.ask('1', a, 'subscribeUpdates', { userIds: ['2'] });
  await town.told();
  await town.clock.advance(600_000);
  town.ask('1', a, 'attach', { session: a, gateway: 'g1#a', resume: true, login: 1 });
  expect(await town.told()).toEqual([`${a} {"login":1,"resumed":true,"watch":["2"],"places":{}}`]);
});

test('when the owner of the actor loses everything, the session comes back with what its gateway holds', async () => {
  const crashed = new Town('ann', 'bob');
  crashed.ask('1', a, 'subscribeReceived', {});
  expect(await crashed.told()).toEqual([`${a} REFUSED session_unknown`]);
  const held = { userIds: ['2'], messaging: true };
  crashed.ask('1', a, 'attach', { session: a, gateway: 'g1#a', resume: true, login: 1, held });
  expect(await crashed.told()).toEqual([`${a} {"login":1,"resumed":false,"watch":["2"],"places":{}}`]);
});

test('nobody by that id: signing in and asking are refused, sending succeeds and is dropped', async () => {
  const town = await annAndBob();
  town.ask('9', 'g1#a/9', 'attach', { session: 'g1#a/9', gateway: 'g1#a', resume: false });
  town.ask('1', a, 'info', {}, undefined, '9');
  expect(await town.told()).toEqual(['g1#a/9 REFUSED unknown_user', `${a} REFUSED unknown_user`]);
  town.ask('1', a, 'send', { target: { type: 'player', userId: '9' }, message: 'x' });
  expect(await town.told()).toEqual([`${a} null`]);
  expect(town.metrics.value('muster_play_messages_dropped_total', { reason: 'unknown_user' })).toBe(1);
});

test('an account that is made later can sign in, also where its actor was looked at before', async () => {
  const town = await annAndBob();
  town.ask('1', a, 'info', {}, undefined, '3');
  await town.told();
  const account = { username: 'cas', displayName: 'Cas', countryCode: '??', roles: [] };
  town.ask('3', 'g1#a/3', 'attach', { session: 'g1#a/3', gateway: 'g1#a', resume: false, account });
  expect(await town.told()).toEqual(['g1#a/3 {"login":1,"resumed":false,"watch":[],"places":{}}']);
});

test('operators see a session, and no message', async () => {
  const town = await annAndBob();
  town.ask('2', b, 'send', { target: { type: 'player', userId: '1' }, message: 'private words' });
  await town.told();
  const shown = JSON.stringify(town.runtime.inspect(shardOfKey('player/1'), entity('player', '1')));
  expect(shown).toContain(a);
  expect(shown).not.toContain('private words');
});
