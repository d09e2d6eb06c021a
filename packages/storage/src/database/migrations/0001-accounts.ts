/** Accounts, bots, OAuth2 grants, signing keys, and the highest epoch and term (K4). */
export const accounts: readonly string[] = [
  `create table accounts (
    id bigint generated always as identity primary key,
    username text not null,
    username_key text not null unique,
    display_name text not null,
    country_code text not null,
    roles jsonb not null,
    created_at bigint not null,
    banned_until bigint
  )`,
  `create table bots (
    id bigint generated always as identity primary key,
    client_id text not null unique,
    name text not null,
    secret_hash text not null,
    created_at bigint not null
  )`,
  `create table grants (
    kind text not null check (kind in ('code', 'refresh')),
    hash text not null,
    subject text not null,
    client_id text not null,
    scope text not null,
    expires_at bigint not null,
    detail jsonb not null,
    primary key (kind, hash)
  )`,
  'create index grants_by_subject on grants (subject, client_id)',
  'create index grants_by_expiry on grants (expires_at)',
  `create table signing_keys (
    kid text primary key,
    jwk text not null,
    created_at bigint not null
  )`,
  `create table regime (
    only_row boolean primary key default true check (only_row),
    epoch bigint not null,
    term bigint not null
  )`,
];
