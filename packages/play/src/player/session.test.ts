import { describe, expect, test } from '@jest/globals';
import { REASON_SESSION_UNKNOWN, REASON_SUPERSEDED } from './contract.js';
import { ANN, Stage } from './testdata/stage.js';

const online = { topic: 'public', name: 'user/updated', data: { users: [{ userId: '1', status: 'menu' }] } };
const offline = { topic: 'public', name: 'user/updated', data: { users: [{ userId: '1', status: 'offline' }] } };

describe('signing in', () => {
  test('the first sign-in begins a session and is seen by those who follow the player', () => {
    const stage = new Stage();
    const { reply, published } = stage.attach('g1#a/1');
    expect(reply).toEqual({ login: 1, resumed: false, watch: [], places: {} });
    expect(published).toEqual([online]);
    expect(stage.snapshot('self')).toMatchObject({
      session: 'g1#a/1',
      user: { userId: '1', status: 'menu', party: null },
    });
  });

  test('who has no account cannot sign in', () => {
    const stage = new Stage('9', null);
    expect(stage.attach('g1#a/1').refuse).toBe('unknown_user');
    expect(stage.snapshot('public')).toEqual({ users: [] });
  });

  test('the account that the gateway read is newer than the one that was loaded', () => {
    const stage = new Stage('9', null);
    const { published } = stage.attach('g1#a/1', { account: { ...ANN, displayName: 'Annika' } });
    expect(published[0]).toMatchObject({ data: { users: [{ userId: '9', displayName: 'Annika' }] } });
    expect(stage.from('g1#a/1', 'info', {}).reply).toMatchObject({ displayName: 'Annika' });
  });

  test('only the session itself may attach, and only to its own player', () => {
    const stage = new Stage();
    const data = { session: 'g1#a/1', gateway: 'g1#a', resume: false };
    expect(stage.from('g1#a/2', 'attach', data).refuse).toBe('unauthorized');
    const other = { type: 'client', session: 'g1#a/1', request: 1, caller: '2' } as const;
    expect(stage.internal('attach', data, other).refuse).toBe('unauthorized');
    expect(stage.internal('attach', data).refuse).toBe('unauthorized');
  });

  test('somebody is awaited as long as a session stands, in its grace too', () => {
    const stage = new Stage();
    const isAwaited = () => stage.from('g9#z/1', 'isAwaited', null).reply;
    expect(isAwaited()).toEqual({ isAwaited: false });
    stage.attach('g1#a/1');
    stage.internal('connectionLost', { subscriber: 'g1#a' });
    expect(isAwaited()).toEqual({ isAwaited: true });
    stage.internal('graceOver', { session: 'g1#a/1' });
    expect(isAwaited()).toEqual({ isAwaited: false });
  });

  test('attaching twice is the same as attaching once', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    const { reply, published } = stage.attach('g1#a/1');
    expect(reply).toMatchObject({ login: 1 });
    expect(published).toEqual([]);
  });
});

describe('a second sign-in', () => {
  test('takes the session over with everything in it, and the first connection is told', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.from('g1#a/1', 'subscribeUpdates', { userIds: ['1'] });
    stage.message('kept');
    const { reply, published } = stage.attach('g2#a/1');
    expect(reply).toEqual({ login: 2, resumed: true, watch: ['1'], places: {} });
    expect(published).toEqual([{ topic: 'self', name: 'muster:superseded', data: { session: 'g1#a/1' } }]);
    expect(stage.state.inbox.count).toBe(1);
  });

  test('K12: commands of the connection that was taken over are refused', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.attach('g2#a/1');
    for (const command of ['subscribeUpdates', 'unsubscribeUpdates'] as const)
      expect(stage.from('g1#a/1', command, { userIds: ['1'] }).refuse).toBe(REASON_SUPERSEDED);
    const message = { target: { type: 'player', userId: '2' }, message: 'x' } as const;
    expect(stage.from('g1#a/1', 'send', message)).toMatchObject({ refuse: REASON_SUPERSEDED, sends: [] });
    expect(stage.from('g1#a/1', 'subscribeReceived', {}).refuse).toBe(REASON_SUPERSEDED);
    expect(stage.from('g2#a/1', 'send', message).refuse).toBeUndefined();
  });

  test('K12: the end of the connection that was taken over ends nothing', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.attach('g2#a/1');
    stage.from('g1#a/1', 'detach', { session: 'g1#a/1', clean: true });
    stage.internal('connectionLost', { subscriber: 'g1#a' });
    expect(stage.state.session).toMatchObject({ id: 'g2#a/1', suspendedUntil: null });
  });

  test('who waits for a look-up on the first connection is answered', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    expect(stage.from('g1#a/1', 'subscribeUpdates', { userIds: ['2'] }).deferred).toBe(true);
    expect(stage.attach('g2#a/1').resolved).toEqual([{ ticket: 't2', refuse: { reason: REASON_SUPERSEDED } }]);
    expect(stage.state.checks).toEqual([]);
  });
});

describe('a lost connection', () => {
  const lost = () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.from('g1#a/1', 'subscribeReceived', {});
    return { stage, turn: stage.internal('connectionLost', { subscriber: 'g1#a' }) };
  };

  test('suspends the session for 30 s without anybody noticing', () => {
    const { stage, turn } = lost();
    expect(turn.timers).toEqual([
      { name: 'grace', at: stage.now + 30_000, command: 'graceOver', data: { session: 'g1#a/1' } },
    ]);
    expect(turn.published).toEqual([]);
    expect(stage.snapshot('public')).toMatchObject({ users: [{ status: 'menu' }] });
  });

  test('ends the session when the grace is over', () => {
    const { stage } = lost();
    const { published } = stage.internal('graceOver', { session: 'g1#a/1' });
    expect(published).toEqual([{ topic: 'self', name: 'muster:ended', data: { session: 'g1#a/1' } }, offline]);
    expect(stage.kind.blank?.(stage.state)).toBe(true);
  });

  test('a new sign-in within the grace goes on with the session; only its messages must be asked for again', () => {
    const { stage } = lost();
    stage.message('while away');
    const { reply, published } = stage.attach('g2#a/7');
    expect(reply).toMatchObject({ resumed: true, login: 2 });
    expect(stage.state.session?.suspendedUntil).toBeNull();
    expect(published).not.toContainEqual(online);
    expect(stage.message('live').published).toEqual([]);
  });

  test('a grace that was about an earlier connection ends nothing', () => {
    const { stage } = lost();
    stage.attach('g2#a/7');
    expect(stage.internal('graceOver', { session: 'g1#a/1' }).published).toEqual([]);
    expect(stage.state.session?.id).toBe('g2#a/7');
  });

  test('a gateway that listens again was not lost', () => {
    const { stage } = lost();
    expect(stage.internal('connected', { subscriber: 'g2#a' }).timers).toEqual([]);
    expect(stage.internal('connected', { subscriber: 'g1#a' }).timers).toEqual([{ name: 'grace', at: null }]);
    expect(stage.internal('graceOver', { session: 'g1#a/1' }).published).toEqual([]);
  });

  test('a gateway that listens before it attaches is known to listen', () => {
    const stage = new Stage();
    stage.internal('connected', { subscriber: 'g1#a' });
    expect(stage.attachOnly('g1#a/1').timers).toEqual([{ name: 'grace', at: null }]);
    expect(stage.internal('connectionLost', { subscriber: 'g1#a' }).timers).toMatchObject([{ name: 'grace' }]);
    expect(stage.attachOnly('g1#a/2').timers).toMatchObject([{ name: 'grace', at: stage.now + 30_000 }]);
  });

  test('gateways that listen are remembered only so far', () => {
    const stage = new Stage('1', ANN, { listenersMax: 2 });
    for (const subscriber of ['g1#a', 'g2#a', 'g3#a']) stage.internal('connected', { subscriber });
    expect(stage.state.listeners).toEqual(['g2#a', 'g3#a']);
  });

  test('a gateway that dies between attaching and listening leaves no session behind', () => {
    const stage = new Stage();
    expect(stage.attachOnly('g1#a/1').timers).toMatchObject([{ name: 'grace', at: stage.now + 30_000 }]);
    expect(stage.internal('graceOver', { session: 'g1#a/1' }).published).toContainEqual(offline);
  });

  test('a command of the same connection shows that it is still there', () => {
    const { stage } = lost();
    const { timers } = stage.from('g1#a/1', 'unsubscribeUpdates', { userIds: ['5'] });
    expect(timers).toEqual([{ name: 'grace', at: null }]);
    expect(stage.internal('graceOver', { session: 'g1#a/1' }).published).toEqual([]);
    expect(stage.message('still subscribed').published).toHaveLength(1);
  });

  test('losing it twice does not lengthen the grace', () => {
    const { stage } = lost();
    stage.now += 10_000;
    expect(stage.internal('connectionLost', { subscriber: 'g1#a' }).timers).toEqual([]);
  });

  test('the loss of another gateway is no loss', () => {
    const stage = new Stage();
    stage.attach('g1#b/1');
    expect(stage.internal('connectionLost', { subscriber: 'g1#a' }).timers).toEqual([]);
  });
});

test('signing out ends everything at once', () => {
  const stage = new Stage();
  stage.attach('g1#a/1');
  stage.message('forgotten');
  const { published } = stage.from('g1#a/1', 'detach', { session: 'g1#a/1', clean: true });
  expect(published).toContainEqual(offline);
  expect(stage.from('g1#a/1', 'subscribeReceived', {}).refuse).toBe(REASON_SESSION_UNKNOWN);
  stage.attach('g1#a/2');
  expect(stage.from('g1#a/2', 'subscribeReceived', { since: { type: 'from_start' } })).toMatchObject({
    reply: { hasMissedMessages: false },
    published: [],
  });
});

describe('after the actor lost its state', () => {
  const held = { userIds: ['2', '3'], messaging: true };

  test('a connection that goes on is asked to attach again, and brings back what its gateway holds', () => {
    const stage = new Stage();
    expect(stage.from('g1#a/1', 'subscribeReceived', {}).refuse).toBe(REASON_SESSION_UNKNOWN);
    const { reply, published } = stage.attach('g1#a/1', { resume: true, login: 4, held });
    expect(reply).toEqual({ login: 4, resumed: false, watch: ['2', '3'], places: {} });
    expect(published).toEqual([online]);
    expect(stage.message('live').published).toHaveLength(1);
  });

  test('of two connections that come back, the newer sign-in wins, whoever is first', () => {
    const first = new Stage();
    first.attach('g1#a/1', { resume: true, login: 1 });
    expect(first.attach('g2#a/1', { resume: true, login: 2 }).refuse).toBeUndefined();
    expect(first.state.session?.id).toBe('g2#a/1');
    const second = new Stage();
    second.attach('g2#a/1', { resume: true, login: 2 });
    expect(second.attach('g1#a/1', { resume: true, login: 1 }).refuse).toBe(REASON_SUPERSEDED);
    expect(second.attach('g1#a/1', { resume: true }).refuse).toBe(REASON_SUPERSEDED);
    expect(second.state.session?.id).toBe('g2#a/1');
  });

  test('what the newer connection follows counts, also where the older one came back before it', () => {
    const stage = new Stage();
    stage.attach('g1#a/1', { resume: true, login: 1, held: { userIds: ['5'], messaging: true } });
    const back = { resume: true, login: 2, held: { userIds: ['2', 'nonsense'], messaging: false } };
    expect(stage.attach('g2#a/1', back).reply).toEqual({ login: 2, resumed: true, watch: ['2'], places: {} });
    expect(stage.state.session?.messaging).toBe(false);
  });

  test('a connection that was taken over cannot come back once its successor has signed out', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.attach('g2#a/1');
    stage.from('g2#a/1', 'detach', { session: 'g2#a/1', clean: true });
    expect(stage.attach('g1#a/1', { resume: true, login: 1 }).refuse).toBe(REASON_SUPERSEDED);
  });

  test('a connection that outlived its grace can come back', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.internal('connectionLost', { subscriber: 'g1#a' });
    stage.internal('graceOver', { session: 'g1#a/1' });
    expect(stage.attach('g1#a/1', { resume: true, login: 1 })).toMatchObject({
      refuse: undefined,
      published: [online],
    });
  });
});
