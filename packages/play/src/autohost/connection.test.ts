import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { AUTOHOST_DEFAULTS } from './options.js';
import { BATTLE, ENGINE, SCRIPT, StagedAutohost } from './testdata/staged-autohost.js';

const MINUTE = 60_000;

function since(host: StagedAutohost): number {
  return (host.open('subscribeUpdates')[0]!.data as { since: number }).since;
}

/** As far back as autohosts keep updates, but for clocks that differ. */
function oldest({ now }: StagedAutohost): number {
  const { replayWindowMs, replayMarginMs } = AUTOHOST_DEFAULTS;
  return (now - replayWindowMs + replayMarginMs) * 1_000;
}

describe('the first connection', () => {
  test('is asked for all updates that it keeps: nobody knows what runs there', () => {
    const host = new StagedAutohost();
    const { published } = host.attach('g1#a/1');
    expect(since(host)).toBe(oldest(host));
    expect(published).toEqual([
      {
        topic: 'self',
        name: 'muster:request',
        data: {
          session: 'g1#a/1',
          n: host.state.requests.last,
          commandId: 'autohost/subscribeUpdates',
          data: { since: oldest(host) },
        },
      },
    ]);
  });

  test('only the connection itself may attach', () => {
    const host = new StagedAutohost();
    const data = { session: 'g1#a/1', gateway: 'g1#a', region: 'eu', resume: false };
    expect(host.from('g1#a/2', 'attach', data).refuse).toBe('unauthorized');
    expect(host.by('player/7', 'attach', data).refuse).toBe('unauthorized');
  });

  test('counts as lost unless its gateway listens in time', () => {
    const host = new StagedAutohost();
    host.from('g1#a/1', 'attach', { session: 'g1#a/1', gateway: 'g1#a', region: 'eu', resume: false });
    host.pass(AUTOHOST_DEFAULTS.unconfirmedMs);
    expect(host.state.session).toBeNull();
  });

  test('that speaks is there, whether its gateway listens or not', () => {
    const host = new StagedAutohost();
    host.from('g1#a/1', 'attach', { session: 'g1#a/1', gateway: 'g1#a', region: 'eu', resume: false });
    host.from('g1#a/1', 'status', { maxBattles: 1, currentBattles: 0, availableEngines: [] });
    host.pass(AUTOHOST_DEFAULTS.unconfirmedMs);
    expect(host.state.session).toMatchObject({ confirmed: true, ready: true });
  });
});

describe('a second connection of the same bot', () => {
  test('is refused while the first lives', () => {
    const host = new StagedAutohost().ready();
    expect(host.attach('g2#a/1').refuse).toBe('connected');
    expect(host.state.session?.id).toBe('g1#a/1');
  });

  test('takes over from one that nobody is known to hold, which is told', () => {
    const host = new StagedAutohost().ready();
    host.internal('adopted', { how: 'promoted', mayLack: false });
    const { published, refuse } = host.attach('g2#a/1');
    expect(refuse).toBeUndefined();
    expect(published.map(({ name }) => name)).toContain('muster:superseded');
    expect(host.from('g1#a/1', 'update', { updates: [] }).refuse).toBe('unknown_connection');
  });

  test('is welcome when the first is lost, by its gateway’s word or its gateway’s loss', () => {
    const byWord = new StagedAutohost().ready();
    byWord.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    expect(byWord.attach('g2#a/1').refuse).toBeUndefined();
    const byLoss = new StagedAutohost().ready();
    byLoss.internal('connectionLost', { subscriber: 'g1#a' });
    expect(byLoss.attach('g2#a/1').refuse).toBeUndefined();
  });

  test('does not care for the departure of the first', () => {
    const host = new StagedAutohost().ready();
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.ready('g2#a/1');
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.internal('connectionLost', { subscriber: 'g1#a' });
    expect(host.state.session?.id).toBe('g2#a/1');
  });
});

describe('what is replayed', () => {
  test('begins after the last update that is on record', () => {
    const host = new StagedAutohost().ready().running();
    host.update(1_000_000, 'start');
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.pass(5_000);
    host.attach('g2#a/1');
    expect(since(host)).toBe(host.time(1_000_000));
  });

  test('is never asked for from further back than autohosts keep it', () => {
    const host = new StagedAutohost().ready().running();
    host.update(1, 'start');
    host.pass(60 * MINUTE);
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.pass(9 * MINUTE);
    host.attach('g2#a/1');
    expect(since(host)).toBe(oldest(host));
  });

  test('an autohost that does not go back so far is asked from now on; one that sends none at all is sent away', () => {
    const host = new StagedAutohost();
    host.attach('g1#a/1');
    host.answerFirst('subscribeUpdates', { ok: false, reason: 'invalid_request' });
    expect(since(host)).toBe(host.time(0));
    const { published } = host.answerFirst('subscribeUpdates', { ok: false, reason: 'invalid_request' });
    expect(host.state.session).toBeNull();
    expect(published.map(({ name }) => name)).toContain('muster:ended');
  });

  test('each connection is asked once, also where the one before did not answer', () => {
    const host = new StagedAutohost();
    host.attach('g1#a/1');
    const first = host.open('subscribeUpdates')[0]!;
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.attach('g2#a/1');
    expect(host.open('subscribeUpdates')).toHaveLength(1);
    expect(host.open('subscribeUpdates')[0]!.n).toBeGreaterThan(first.n);
  });
});

describe('the owner of this actor dies', () => {
  test('a backup goes on with the connection, which proves itself in time', () => {
    const host = new StagedAutohost().ready();
    host.internal('adopted', { how: 'promoted', mayLack: false });
    expect(host.attach('g1#a/1', true).refuse).toBeUndefined();
    host.pass(AUTOHOST_DEFAULTS.unconfirmedMs);
    expect(host.state.session?.id).toBe('g1#a/1');
    expect(host.open('subscribeUpdates')).toEqual([]);
  });

  test('its gateway may have died with it: the connection is lost when nobody says otherwise', () => {
    const host = new StagedAutohost().ready();
    host.internal('adopted', { how: 'promoted', mayLack: false });
    host.pass(AUTOHOST_DEFAULTS.unconfirmedMs);
    expect(host.state.session).toBeNull();
  });

  test('where something may be missing the connection is ended: only a new one can ask for a replay', () => {
    const host = new StagedAutohost().ready();
    const { published } = host.internal('adopted', { how: 'loaded', mayLack: true });
    expect(published).toContainEqual({ topic: 'self', name: 'muster:ended', data: { session: 'g1#a/1' } });
    expect(host.attach('g1#a/1', true).refuse).toBe('unknown_connection');
    expect(host.attach('g1#a/2').refuse).toBeUndefined();
  });

  test('a connection that the actor has lost is not taken up again', () => {
    expect(new StagedAutohost().attach('g1#a/1', true).refuse).toBe('unknown_connection');
  });
});

test('an autohost that stays away longer than it keeps updates is gone, and its matches hear of it', () => {
  const host = new StagedAutohost().ready().running();
  host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
  expect(host.pass(AUTOHOST_DEFAULTS.replayWindowMs - 1).flatMap(sent)).not.toContain(`match/${BATTLE} hostGone`);
  expect(host.pass(1).flatMap(sent)).toContain(`match/${BATTLE} hostGone`);
  expect(host.kind.blank!(host.state)).toBe(true);
});

test('one that comes back in time is not gone', () => {
  const host = new StagedAutohost().ready().running();
  host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
  host.pass(AUTOHOST_DEFAULTS.replayWindowMs - 1);
  host.ready('g2#a/1', { currentBattles: 1 });
  host.pass(60 * MINUTE);
  expect(Object.keys(host.state.battles)).toEqual([BATTLE]);
});

test('what it was asked waits for its next connection, and is part of what that hears first', () => {
  const host = new StagedAutohost().ready().running();
  host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
  host.by(`match/${BATTLE}`, 'battleCommand', { commandId: 'autohost/sendMessage', data: { message: 'hello' } });
  expect(host.snapshot('self')).toEqual({ session: null, requests: [] });
  host.attach('g2#a/1');
  expect(host.snapshot('self')).toMatchObject({
    session: 'g2#a/1',
    requests: [
      { commandId: 'autohost/sendMessage', data: { battleId: BATTLE, message: 'hello' } },
      { commandId: 'autohost/subscribeUpdates' },
    ],
  });
});

test('operators see what it was asked, not the passwords in it', () => {
  const host = new StagedAutohost().ready();
  host.by(`match/${BATTLE}`, 'startBattle', { script: { ...SCRIPT, secret: 'pa55' } });
  const shown = JSON.stringify(host.kind.describe!(host.state));
  expect(shown).toContain('autohost/start');
  expect(shown).toContain(ENGINE);
  expect(shown).not.toContain('pa55');
});
