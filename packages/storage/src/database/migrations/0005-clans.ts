/** Clans, their members and whom they invited. */
export const clans: readonly string[] = [
  `create table clans (
    id text primary key,
    name text not null,
    name_key text not null unique,
    tag text not null,
    tag_key text not null unique,
    language text not null,
    description text,
    created_at bigint not null
  )`,
  // A player is in one clan at most.
  `create table clan_members (
    user_id bigint primary key references accounts (id) on delete cascade,
    clan_id text not null references clans (id) on delete cascade,
    role text not null check (role in ('member', 'coLeader', 'leader')),
    joined_at bigint not null,
    number bigint generated always as identity
  )`,
  'create index clan_members_by_clan on clan_members (clan_id, number)',
  `create table clan_invites (
    clan_id text not null references clans (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    at bigint not null,
    number bigint generated always as identity,
    primary key (clan_id, user_id)
  )`,
  'create index clan_invites_by_user on clan_invites (user_id, number)',
  `create table clan_versions (
    user_id bigint primary key references accounts (id) on delete cascade,
    version bigint not null
  )`,
];
