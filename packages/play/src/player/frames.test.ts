import { expect, test } from '@jest/globals';
import type { Publication } from '@muster/runtime';
import { TachyonProtocol, userInfo, userSelf, userUpdated } from '@muster/tachyon';
import { NOTICE_PREFIX } from './contract.js';
import { Stage, type Turn } from './testdata/stage.js';

const protocol = new TachyonProtocol();

/** Every client frame among the publications, held against its definition. */
function framesOf(turns: readonly Turn[]): readonly Publication[] {
  const frames = turns.flatMap(({ published }) => published).filter(({ name }) => !name.startsWith(NOTICE_PREFIX));
  for (const { name, data } of frames) {
    const definition = protocol.definition(name);
    expect([name, definition?.direction]).toEqual([name, 'server→user']);
    expect([name, data, protocol.check(definition!, data)]).toEqual([name, data, undefined]);
  }
  return frames;
}

test('whatever a player publishes that is no notice is a frame its clients understand', () => {
  const stage = new Stage();
  const turns = [
    stage.attach('g1#a/1', { account: { username: 'a', displayName: 'A', countryCode: '??', roles: ['admin'] } }),
    stage.from('g1#a/1', 'subscribeReceived', {}),
    stage.message('hello'),
    stage.from('g1#a/1', 'subscribeReceived', { since: { type: 'from_start' } }),
    stage.attach('g2#a/1'),
    stage.internal('connectionLost', { subscriber: 'g2#a' }),
    stage.internal('graceOver', { session: 'g2#a/1' }),
  ];
  const names = framesOf(turns).map(({ topic, name }) => `${topic} ${name}`);
  expect(names).toEqual([
    'public user/updated',
    'public user/updated',
    'self messaging/received',
    'self messaging/received',
    'public user/updated',
  ]);
});

test('what a new listener sees first is a frame, online and offline', () => {
  const stage = new Stage();
  for (const step of [() => undefined, () => stage.attach('g1#a/1')]) {
    step();
    expect(protocol.check(userSelf, stage.snapshot('self'))).toBeUndefined();
    expect(protocol.check(userUpdated, stage.snapshot('public'))).toBeUndefined();
    // A reply has no definition of its own to be checked by; it is the user that the snapshot has.
    expect({ users: [stage.internal('info', {}).reply] }).toEqual(stage.snapshot('public'));
  }
  expect(userInfo.reply.required).toEqual(expect.arrayContaining(['userId', 'username', 'displayName', 'status']));
});
