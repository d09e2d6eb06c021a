import { MusterError, type Transaction } from '@muster/ports';

/** etcd's own default (`--max-txn-ops`): a larger transaction would be refused by it. */
export const MAX_OPERATIONS = 128;
/** Below etcd's 1.5 MiB a request, with room for what the encoding adds. */
export const MAX_TRANSACTION_BYTES = 1_400_000;

/** What etcd would refuse, refused before anything is sent, by every form alike. @throws MusterError INVALID_REQUEST */
export function checkTransaction({ compare, writes }: Transaction): void {
  if (compare.length > MAX_OPERATIONS || writes.length > MAX_OPERATIONS)
    refuse(`a transaction has at most ${MAX_OPERATIONS} compares and ${MAX_OPERATIONS} writes`);
  const keys = new Set<string>();
  let bytes = 0;
  for (const write of writes) {
    if (keys.has(write.key)) refuse(`a transaction writes ${write.key} twice`);
    keys.add(write.key);
    bytes += Buffer.byteLength(write.key) + (write.type === 'put' ? Buffer.byteLength(write.value) : 0);
  }
  for (const { key, modRevision } of compare) {
    if (!Number.isSafeInteger(modRevision) || modRevision < 0) refuse(`${key}: ${modRevision} is no revision`);
    bytes += Buffer.byteLength(key);
  }
  if (keys.has('') || compare.some(({ key }) => key === '')) refuse('a key has at least one character');
  if (bytes > MAX_TRANSACTION_BYTES) refuse(`a transaction has at most ${MAX_TRANSACTION_BYTES} bytes`);
}

function refuse(details: string): never {
  throw new MusterError('INVALID_REQUEST', { details });
}
