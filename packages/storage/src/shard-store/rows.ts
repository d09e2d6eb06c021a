// What both forms keep, and how actors are read out of it.
//
//   snapshot   an actor as it was after the record at `position`
//   record     one turn; those at or before its entity's snapshot are left-overs of a crash between two trims, and mean nothing
//
// Every row carries a checksum over all that it says. One that does not match, or a record that is missing between two others, damages
// its entity and nothing else.
import { crc32 } from 'node:zlib';
import { type DamagedEntity, MusterError, type ShardId, type StoredEntity } from '@muster/ports';

interface RowCommon {
  readonly entity: string;
  readonly position: number;
  readonly seq: number;
  readonly body: string;
  readonly crc: number;
}

export interface SnapshotRow extends RowCommon {
  readonly version: number;
}

/** `version` is null. */
export interface RecordRow extends RowCommon {
  readonly version: null;
}

export type StoredRow = SnapshotRow | RecordRow;

/** Of a row, as it is kept beside it. */
export function checksum({ entity, position, seq, version, body }: Omit<StoredRow, 'crc'>): number {
  return crc32(body, crc32(`${entity}\n${position}\n${seq}\n${version ?? ''}\n`));
}

/** An actor out of its rows, the snapshot first, then its records by position. Undefined: it is gone. */
export function readEntity(
  shard: ShardId,
  entity: string,
  rows: readonly StoredRow[],
): StoredEntity | DamagedEntity | undefined {
  let text = '';
  let version = 0;
  let seq = 0;
  let covered = 0;
  let tail: string[] = [];
  let fault: string | undefined;
  for (const row of rows) {
    if (row.version === null && row.position <= covered) continue;
    const isIntact = checksum(row) === row.crc;
    if (isIntact && row.version === null && (row.seq <= 1 || row.body === '')) {
      // A life ended or began: nothing of the one before goes on, nor what was broken in it.
      [text, version, seq, tail, fault] = ['', 0, 0, [], undefined];
      if (row.body === '') continue;
    }
    if (!isIntact) fault ??= `${describe(row)} is not what was written`;
    else if (row.version === null && row.seq !== seq + 1) fault ??= `${describe(row)} follows record ${seq}`;
    seq = row.seq;
    if (row.version === null) tail.push(row.body);
    else ({ body: text, version, position: covered } = row);
  }
  if (fault !== undefined) return damaged(shard, entity, fault);
  if (text === '' && tail.length === 0) return undefined;
  return { entity, text, version, tail: tail.join(','), seq };
}

export function damaged(shard: ShardId, entity: string, cause: string): DamagedEntity {
  return { entity, error: new MusterError('STATE_DAMAGED', { shard, entity, cause }) };
}

function describe({ seq, version, position }: StoredRow): string {
  return `${version === null ? 'record' : 'snapshot of record'} ${seq} at ${position}`;
}
