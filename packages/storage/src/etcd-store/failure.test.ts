import { expect, test } from '@jest/globals';
import { EtcdLeaseInvalidError } from 'etcd3';
import { type FailureKind, failureOf } from './failure.js';
import { checkEtcdStoreOptions, etcdStoreDefaults } from './options.js';

test.each<[string, FailureKind]>([
  ['14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1.', 'not-sent'],
  ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.001s,Waiting for LB pick', 'not-sent'],
  ['14 UNAVAILABLE: Name resolution failed for target dns:etcd.invalid:2379', 'not-sent'],
  ['14 UNAVAILABLE: Stream refused by server', 'not-sent'],
  ['8 RESOURCE_EXHAUSTED: etcdserver: too many requests', 'refused'],
  ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'refused'],
  ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.001s,remote_addr=127.0.0.1:2379', 'lost'],
  ['14 UNAVAILABLE: Connection dropped', 'lost'],
  ['14 UNAVAILABLE: read ECONNRESET', 'lost'],
  ['14 UNAVAILABLE: etcdserver: request timed out', 'lost'],
  ['14 UNAVAILABLE: etcdserver: leader changed', 'lost'],
  ['something nobody has seen before', 'lost'],
])('"%s" means: %s (K2)', (text, kind) => {
  expect(failureOf(new Error(text)).kind).toBe(kind);
});

test('a lease that etcd does not know is expired, one without room is full, a request it will never take is invalid', () => {
  expect(failureOf(new EtcdLeaseInvalidError('1')).code).toBe('LEASE_EXPIRED');
  expect(failureOf(new Error('8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded')).code).toBe(
    'STORE_FULL',
  );
  expect(failureOf(new Error('3 INVALID_ARGUMENT: etcdserver: request is too large')).code).toBe('INVALID_REQUEST');
});

test('options that cannot work are refused', () => {
  const wrong = [{ requestTimeoutMs: 0 }, { keepAliveMs: 2_000 }, { watchRetryMaxMs: 1 }, { reconnectMaxMs: 1 }];
  for (const options of wrong)
    expect(() => checkEtcdStoreOptions({ ...etcdStoreDefaults, ...options })).toThrow('etcd store');
  expect(checkEtcdStoreOptions(etcdStoreDefaults)).toBe(etcdStoreDefaults);
});
