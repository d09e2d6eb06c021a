// What a failed call means: did it surely not happen, and is it worth asking another member?
import { causeOf, codeOf } from '@muster/ports';
import { ClientClosedError, EtcdLeaseInvalidError } from 'etcd3';

/** `not-sent`: no member has seen it. `refused`: etcd said no, before doing anything. `lost`: nobody can say. */
export type FailureKind = 'not-sent' | 'refused' | 'lost';

export interface Failure {
  readonly kind: FailureKind;
  readonly cause: string;
  /** What the caller is told where it is neither STORE_UNAVAILABLE nor STORE_OUTCOME_UNKNOWN. */
  readonly code?: 'LEASE_EXPIRED' | 'INVALID_REQUEST' | 'STORE_FULL';
}

/**
 * The call never became a stream to etcd: the texts of grpc-js (1.14) for a channel without a connection. Whatever it says
 * otherwise, even of a deadline, counts as sent: a wrong "surely not" would let a deposed leader believe it still leads (K2).
 */
const NOT_SENT =
  /No connection established|Waiting for LB pick|Name resolution failed|Channel closed before call started|Failed to start HTTP\/2 stream|Stream refused by server/;

/** etcd refuses these before its log, or while applying, without a change. */
const REFUSED =
  /etcdserver: (too many requests|permission denied|invalid auth token|user name is empty|rpc not supported for learner|not capable|no leader)/;

/** It reads, and takes nothing more: its quota or its disk is full. The operator has to make room, and to end the alarm. */
const FULL = /etcdserver: mvcc: database space exceeded/;

/** Ours to mend, not etcd's. */
const INVALID =
  /etcdserver: (request is too large|too many operations in txn request|duplicate key given in txn request|key is not provided|too large lease TTL)|Attempted to send message with a size larger/;

export function failureOf(error: unknown): Failure {
  const cause = causeOf(error);
  if (error instanceof EtcdLeaseInvalidError || codeOf(error) === 'LEASE_EXPIRED')
    return { kind: 'refused', cause, code: 'LEASE_EXPIRED' };
  if (error instanceof ClientClosedError || NOT_SENT.test(cause)) return { kind: 'not-sent', cause };
  if (INVALID.test(cause)) return { kind: 'refused', cause, code: 'INVALID_REQUEST' };
  if (FULL.test(cause)) return { kind: 'refused', cause, code: 'STORE_FULL' };
  return { kind: REFUSED.test(cause) ? 'refused' : 'lost', cause };
}
