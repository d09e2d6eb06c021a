import { describe, expect, test } from '@jest/globals';
import type { Answer } from '@muster/runtime';
import { Stage } from './testdata/stage.js';

const session = 'g1#a/1';

function signedIn(options = {}): Stage {
  const stage = new Stage('1', undefined, options);
  stage.attach(session);
  return stage;
}

function answer(id: string, exists: boolean, check = 1): Answer {
  return { from: { kind: 'player', id }, context: { check }, ok: true, value: { exists } };
}

const watch = (...userIds: string[]) => ({ topic: 'self', name: 'muster:watch', data: { session, userIds } });

describe('following users', () => {
  test('looks every user up before it answers, then tells the gateway', () => {
    const stage = signedIn();
    const asked = stage.from(session, 'subscribeUpdates', { userIds: ['2', '3', '2'] });
    expect(asked).toMatchObject({ deferred: true, published: [] });
    expect(asked.sends.map(({ to, command }) => `${to.id} ${command}`)).toEqual(['2 exists', '3 exists']);
    expect(stage.internal('existsAnswered', answer('3', true)).resolved).toEqual([]);
    const last = stage.internal('existsAnswered', answer('2', true));
    expect(last.resolved).toEqual([{ ticket: 't2', reply: null }]);
    expect(last.published).toEqual([watch('2', '3')]);
    expect(last.timers).toEqual([{ name: 'check:1', at: null }]);
  });

  test('is all or nothing: one unknown user and none is followed', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeUpdates', { userIds: ['2', '9'] });
    const { resolved, published } = stage.internal('existsAnswered', answer('9', false));
    expect(resolved).toEqual([
      { ticket: 't2', refuse: { reason: 'invalid_request', details: 'no user has the id 9' } },
    ]);
    expect(published).toEqual([]);
    expect(stage.internal('existsAnswered', answer('2', true))).toMatchObject({ resolved: [], published: [] });
    expect(stage.state.watched).toEqual([]);
  });

  test('yourself, and users who are followed already, are announced again without being looked up', () => {
    const stage = signedIn();
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['1'] })).toMatchObject({
      deferred: false,
      refuse: undefined,
      published: [watch('1')],
    });
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['1'] }).published).toEqual([watch('1')]);
  });

  test('one hundred users can be followed and not one more', () => {
    const stage = signedIn();
    const userIds = Array.from({ length: 100 }, (_, i) => String(i + 1));
    stage.from(session, 'subscribeUpdates', { userIds });
    for (const id of userIds) stage.internal('existsAnswered', answer(id, true));
    expect(stage.state.watched).toHaveLength(100);
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['101'] }).refuse).toBe('subscription_limit_reached');
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['100'] }).refuse).toBeUndefined();
    stage.from(session, 'unsubscribeUpdates', { userIds: ['7'] });
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['101'] }).deferred).toBe(true);
  });

  test('two look-ups at once cannot follow more than the limit together', () => {
    const stage = signedIn({ watchedMax: 2 });
    stage.from(session, 'subscribeUpdates', { userIds: ['2', '3'] });
    stage.from(session, 'subscribeUpdates', { userIds: ['4'] });
    stage.internal('existsAnswered', answer('2', true));
    stage.internal('existsAnswered', answer('3', true));
    const { resolved } = stage.internal('existsAnswered', answer('4', true, 2));
    expect(resolved).toMatchObject([{ ticket: 't3', refuse: { reason: 'subscription_limit_reached' } }]);
    expect(stage.state.watched).toEqual(['2', '3']);
  });

  test('a look-up that is never answered ends with an error', () => {
    const stage = signedIn();
    const { timers } = stage.from(session, 'subscribeUpdates', { userIds: ['2'] });
    expect(timers).toEqual([{ name: 'check:1', at: stage.now + 8_000, command: 'checkTimedOut', data: { check: 1 } }]);
    expect(stage.internal('checkTimedOut', { check: 1 }).resolved).toMatchObject([
      { refuse: { reason: 'internal_error' } },
    ]);
    expect(stage.internal('checkTimedOut', { check: 1 }).resolved).toEqual([]);
  });

  test('a look-up that fails is an error, not an unknown user', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeUpdates', { userIds: ['2'] });
    const failed: Answer = {
      from: { kind: 'player', id: '2' },
      context: { check: 1 },
      ok: false,
      code: 'X',
      details: {},
    };
    expect(stage.internal('existsAnswered', failed).resolved).toMatchObject([{ refuse: { reason: 'internal_error' } }]);
  });

  test('look-ups of one session are bounded', () => {
    const stage = signedIn({ checksMax: 2 });
    for (const id of ['2', '3']) expect(stage.from(session, 'subscribeUpdates', { userIds: [id] }).deferred).toBe(true);
    expect(stage.from(session, 'subscribeUpdates', { userIds: ['4'] })).toMatchObject({
      refuse: 'invalid_request',
      sends: [],
    });
  });

  test('what is no user id is refused at once', () => {
    expect(signedIn().from(session, 'subscribeUpdates', { userIds: ['2', 'bob'] })).toMatchObject({
      refuse: 'invalid_request',
      sends: [],
    });
  });
});

test('unfollowing tells the gateway about those who were followed and passes over the others', () => {
  const stage = signedIn();
  stage.from(session, 'subscribeUpdates', { userIds: ['1'] });
  expect(stage.from(session, 'unsubscribeUpdates', { userIds: ['1', '5', '1'] }).published).toEqual([
    { topic: 'self', name: 'muster:unwatch', data: { session, userIds: ['1'] } },
  ]);
  expect(stage.from(session, 'unsubscribeUpdates', { userIds: ['1'] })).toMatchObject({
    refuse: undefined,
    published: [],
  });
});

test('a player is known by its account, online or not', () => {
  expect(new Stage().internal('info', {}).reply).toEqual({
    userId: '1',
    username: 'ann',
    displayName: 'Ann',
    clanId: null,
    clanBaseData: null,
    countryCode: 'DE',
    status: 'offline',
    roles: ['contributor'],
  });
  expect(new Stage().internal('exists', {}).reply).toEqual({ exists: true });
  expect(new Stage('9', null).internal('info', {}).refuse).toBe('unknown_user');
  expect(new Stage('9', null).internal('exists', {}).reply).toEqual({ exists: false });
});
