// Our entries and revisions as etcd3 sends and gives them: keys are bytes, int64 is text.
import { MusterError, type StoredEntry, type Transaction, type WatchEvent } from '@muster/ports';
import type { IEvent, IKeyValue, ITxnRequest } from 'etcd3';

const EVERY_KEY = Buffer.from([0]);

/** First key and end of the range of all keys that start with `prefix`. */
export function rangeOf(prefix: string): { readonly key: Buffer; readonly range_end: Buffer } {
  if (prefix === '') return { key: EVERY_KEY, range_end: EVERY_KEY };
  const key = Buffer.from(prefix);
  // UTF-8 has no byte 255, so the last byte can always be counted up.
  const end = Buffer.from(key);
  end[end.length - 1]! += 1;
  return { key, range_end: end };
}

/** An int64 that a number holds exactly. @throws MusterError STORE_MISMATCH for any other, rather than compare a wrong one. */
export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new MusterError('STORE_MISMATCH', { found: text, mine: 'numbers below 2^53' });
  return value;
}

export function entryOf(kv: IKeyValue): StoredEntry {
  return {
    key: kv.key.toString('utf8'),
    value: kv.value.toString('utf8'),
    modRevision: integer(kv.mod_revision),
    createRevision: integer(kv.create_revision),
  };
}

export function eventOf({ type, kv }: IEvent): WatchEvent {
  if (type === 'Put') return { type: 'put', entry: entryOf(kv) };
  return { type: 'delete', key: kv.key.toString('utf8'), modRevision: integer(kv.mod_revision) };
}

export function requestOf({ compare, writes }: Transaction): ITxnRequest {
  return {
    compare: compare.map(({ key, modRevision }) => ({
      key: Buffer.from(key),
      target: 'Mod',
      result: 'Equal',
      mod_revision: modRevision,
    })),
    success: writes.map((write) => {
      const key = Buffer.from(write.key);
      if (write.type === 'delete') return { request_delete_range: { key } };
      const value = Buffer.from(write.value);
      return { request_put: write.lease ? { key, value, lease: write.lease.id } : { key, value } };
    }),
  };
}
