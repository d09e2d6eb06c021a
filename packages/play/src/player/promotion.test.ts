// A player's owner died and its backup goes on: what the player, its gateway and its friends see of it.
import { beforeEach, expect, test } from '@jest/globals';
import { Town } from './testdata/town.js';

let town: Town;

beforeEach(async () => {
  town = new Town('ann', 'bob');
  await town.signIn('1', 'g1#a/1');
  await town.signIn('2', 'g2#a/1');
  town.ask('1', 'g1#a/1', 'subscribeReceived', { since: { type: 'from_start' } });
  await town.told();
});

/** What a gateway does at a new owner: attach again, then listen. */
async function back(player: string, session: string): Promise<void> {
  const gateway = session.split('/')[0]!;
  town.ask(player, session, 'attach', { session, gateway, resume: true, login: 1 });
  await town.listen(gateway, player, 'self');
}

function message(text: string): void {
  town.ask('2', 'g2#a/1', 'send', { target: { type: 'player', userId: '1' }, message: text });
}

test('the session goes on: no new sign-in, the same messages under the same markers', async () => {
  message('one');
  const before = await town.told();
  town.promote();
  await back('1', 'g1#a/1');
  await back('2', 'g2#a/1');
  const seen = await town.told();
  expect(seen.filter((line) => line.startsWith('g1#a/1 '))).toEqual([
    'g1#a/1 {"login":1,"resumed":true,"watch":[],"places":{}}',
  ]);
  expect(seen.filter((line) => line.includes('muster:'))).toEqual([]);
  town.ask('1', 'g1#a/1', 'subscribeReceived', { since: { type: 'from_start' } });
  const again = await town.told();
  const messages = (lines: readonly string[]) => lines.filter((line) => line.includes('messaging/received'));
  expect(messages(again)).toEqual(messages(before));
  message('two');
  expect(messages(await town.told()).join()).toMatch(/"marker":"[^"]+\.2"/);
});

test('where messages may be gone, a marker of before is unknown: its number may be that of another message by now', async () => {
  message('kept');
  const [marker] = (await town.told()).flatMap((line) => /"marker":"([^"]+)"/.exec(line)?.[1] ?? []);
  town.load();
  await back('1', 'g1#a/1');
  await back('2', 'g2#a/1');
  message('new');
  await town.told();
  town.ask('1', 'g1#a/1', 'subscribeReceived', { since: { type: 'marker', value: marker! } });
  const seen = (await town.told()).join('\n');
  expect(seen).toContain('{"hasMissedMessages":true,');
  expect(seen.indexOf('"message":"kept"')).toBeGreaterThan(0);
  expect(seen.indexOf('"message":"new"')).toBeGreaterThan(seen.indexOf('"message":"kept"'));
  expect(seen).not.toContain(marker);
});

test('K11: a command that was answered before the promotion is not obeyed again', async () => {
  const request = town.ask('2', 'g2#a/1', 'send', { target: { type: 'player', userId: '1' }, message: 'once' });
  await town.told();
  town.promote();
  await back('1', 'g1#a/1');
  town.ask('2', 'g2#a/1', 'send', { target: { type: 'player', userId: '1' }, message: 'once' }, request);
  await town.told(1_000);
  town.ask('1', 'g1#a/1', 'subscribeReceived', { since: { type: 'from_start' } });
  const received = (await town.told()).filter((line) => line.includes('messaging/received'));
  expect(received).toHaveLength(1);
});

test('the grace runs from the promotion: who does not come back is signed out 30 s later, not sooner', async () => {
  await town.listen('g2#a', '1', 'public');
  await town.clock.advance(60_000);
  town.promote();
  await back('2', 'g2#a/1');
  await town.listen('g2#a', '1', 'public');
  expect((await town.told()).join()).toContain('"status":"menu"');
  expect(await town.told(29_000)).toEqual([]);
  expect(await town.told(3_000)).toEqual(['g2#a 1 user/updated {"users":[{"userId":"1","status":"offline"}]}']);
});

test('a message that was acknowledged just before the promotion reaches its reader', async () => {
  message('last');
  await town.clock.advance(1);
  town.promote();
  await back('1', 'g1#a/1');
  await town.told(1_000);
  town.ask('1', 'g1#a/1', 'subscribeReceived', { since: { type: 'from_start' } });
  expect((await town.told()).join()).toContain('"message":"last"');
});
