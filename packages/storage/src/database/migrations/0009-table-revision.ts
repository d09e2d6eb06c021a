/** Up to where the shard table in the cluster's store was written: a store that shows less was put back (K4). */
export const tableRevision: readonly string[] = ['alter table regime add column revision bigint not null default 0'];
