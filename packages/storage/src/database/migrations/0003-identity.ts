/** Which storage this is, for as long as its tables live: a copy that is restored elsewhere is still the same. */
export const identity: readonly string[] = [
  `create table storage_identity (
    only_row boolean primary key default true check (only_row),
    id text not null
  )`,
  'insert into storage_identity (id) values (gen_random_uuid()::text)',
];
