/** When somebody other than the player changed an account: gateways look for what is new. 0: never. */
export const accountChanges: readonly string[] = [
  'alter table accounts add column changed_at bigint not null default 0',
  'create index accounts_by_change on accounts (changed_at) where changed_at > 0',
];
