import { type PeerId, peerId, type StoredEntry } from '@muster/ports';
import { type EpochRecord, type MemberRecord, parseJson, type StoreKeys } from '../table/layout.js';

/** One registered process. */
export interface Registered {
  readonly id: string;
  readonly peer: PeerId;
  readonly record: MemberRecord;
  readonly key: string;
  readonly modRevision: number;
}

/** The registered processes of one role among `entries`. What cannot be read is left out: somebody's hand was at it. */
export function readMembers(
  keys: StoreKeys,
  role: 'coordinator' | 'node' | 'gateway' | 'relay',
  entries: readonly StoredEntry[],
): Registered[] {
  const prefix = keys.members(role);
  return entries.flatMap(({ key, value, modRevision }) => {
    if (!key.startsWith(prefix)) return [];
    const record = readRecord(key, value);
    const id = key.slice(prefix.length);
    return record ? [{ id, peer: peerId(id, record.incarnation), record, key, modRevision }] : [];
  });
}

/** The epoch's record among `entries`. @throws MusterError STORE_MISMATCH where it cannot be read. */
export function readEpoch(
  keys: StoreKeys,
  entries: readonly StoredEntry[],
): { readonly record: EpochRecord; readonly modRevision: number } | undefined {
  const entry = entries.find(({ key }) => key === keys.epoch);
  if (!entry) return undefined;
  return { record: parseJson('epoch', entry.value) as EpochRecord, modRevision: entry.modRevision };
}

function readRecord(key: string, value: string): MemberRecord | undefined {
  try {
    const record = parseJson(key, value) as Partial<MemberRecord> | null;
    return typeof record?.incarnation === 'string' && typeof record.address === 'string'
      ? (record as MemberRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
