/**
 * Log and snapshots of shards. Names of entities compare by their bytes, so that every form pages in one order.
 * `crc`: of what it is stored beside, as `shard-store/rows.ts` says.
 */
export const shards: readonly string[] = [
  `create table shard_heads (
    shard integer primary key,
    term bigint not null,
    position bigint not null,
    standing text not null check (standing in ('gated', 'behind', 'parked')),
    before_term bigint,
    before_position bigint,
    before_standing text
  ) with (fillfactor = 50)`,
  // By entity first: an actor's records are read and trimmed together. Within one entity positions order them.
  `create table shard_log (
    shard integer not null,
    entity text collate "C" not null,
    position bigint not null,
    term bigint not null,
    seq bigint not null,
    body text not null,
    crc bigint not null,
    primary key (shard, entity, position)
  )`,
  `create table shard_snapshots (
    shard integer not null,
    entity text collate "C" not null,
    position bigint not null,
    term bigint not null,
    seq bigint not null,
    version integer not null,
    body text not null,
    crc bigint not null,
    primary key (shard, entity)
  )`,
];
