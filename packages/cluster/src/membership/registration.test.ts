import { beforeEach, expect, test } from '@jest/globals';
import { peerId, silentLog, VirtualClock } from '@muster/ports';
import { type MemberRecord, memberValue, storeKeys } from '../table/layout.js';
import { MEMBERSHIP_DEFAULTS as options } from './options.js';
import { Registration } from './registration.js';
import { ScriptedStore } from './store.test-kit.js';

const keys = storeKeys('c');
const key = `${keys.members('node')}n1`;
let clock: VirtualClock;
let store: ScriptedStore;
let state: MemberRecord['state'];
let superseded: string[];
let registration: Registration;

beforeEach(() => {
  clock = new VirtualClock();
  store = new ScriptedStore();
  state = 'up';
  superseded = [];
  registration = new Registration({
    clock,
    store,
    keys,
    role: 'node',
    peer: peerId('n1', 'b'),
    options,
    log: silentLog,
    record: () => ({ address: 'h:1', state, zone: 'z', build: '1' }),
    superseded: (by) => superseded.push(by),
  });
});

function line(): Partial<MemberRecord> {
  return JSON.parse(store.entries.get(key)?.value ?? '{}') as MemberRecord;
}

function former(incarnation: string): void {
  const value = memberValue(peerId('n1', incarnation), { address: 'h:0', state: 'up', zone: '', build: '1' });
  store.put(key, value);
}

test('K3: the first writing takes the id from a former incarnation', async () => {
  former('a');
  const started = registration.start();
  await clock.advance(1);
  await started;
  expect(line()).toEqual({ address: 'h:1', incarnation: 'b', state: 'up', zone: 'z', build: '1' });
});

test('the lease is renewed every second, and the line is written again only when it says something else', async () => {
  void registration.start();
  await clock.advance(1);
  const { revision } = store;
  await clock.advance(5_000);
  expect([store.renewals, store.revision]).toEqual([5, revision]);
  state = 'draining';
  registration.changed();
  await clock.advance(1);
  expect(line().state).toBe('draining');
});

test('after its lease ran out it registers again under a new one', async () => {
  void registration.start();
  await clock.advance(1);
  store.expire();
  await clock.advance(options.renewMs + options.retryMs + 1);
  expect(line().incarnation).toBe('b');
});

test('a line that was taken away is written again', async () => {
  void registration.start();
  await clock.advance(1);
  store.remove(key);
  void registration.look();
  await clock.advance(1);
  expect(line().incarnation).toBe('b');
});

test('K3: another incarnation in its place is reported once, and its line is left alone', async () => {
  void registration.start();
  await clock.advance(1);
  former('c');
  void registration.look();
  await clock.advance(5_000);
  void registration.look();
  await clock.advance(1);
  expect(superseded).toEqual(['n1#c']);
  expect(line().incarnation).toBe('c');
});

test('K3: a lost lease does not give it its name back from a newer incarnation', async () => {
  void registration.start();
  await clock.advance(1);
  store.expire();
  former('c');
  await clock.advance(5_000);
  expect(superseded).toEqual(['n1#c']);
  expect(line().incarnation).toBe('c');
});

test('K3: a newer incarnation that registers between its look and its writing keeps the name', async () => {
  void registration.start();
  await clock.advance(1);
  store.remove(key);
  store.meanwhile = () => {
    store.meanwhile = undefined;
    former('c');
  };
  void registration.look();
  await clock.advance(5_000);
  expect(line().incarnation).toBe('c');
  expect(superseded).toEqual(['n1#c']);
});

test('it waits for a store that is away, and leaves with its lease', async () => {
  store.away = true;
  let registered = false;
  void registration.start().then(() => {
    registered = true;
  });
  await clock.advance(3_000);
  expect(registered).toBe(false);
  store.away = false;
  await clock.advance(options.retryMs);
  expect(registered).toBe(true);
  await registration.stop();
  expect(store.entries.size).toBe(0);
});
