/** Reports of players, and bans; `accounts.banned_until` is the end of the last ban that is not lifted. */
export const moderation: readonly string[] = [
  `create table reports (
    id bigint generated always as identity primary key,
    reporter_id bigint not null references accounts (id) on delete cascade,
    type text not null,
    message text not null,
    at bigint not null
  )`,
  'create index reports_by_reporter on reports (reporter_id, at)',
  `create table reported_users (
    report_id bigint not null references reports (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    place integer not null,
    primary key (report_id, place)
  )`,
  'create index reported_users_by_user on reported_users (user_id, report_id)',
  `create table bans (
    id bigint generated always as identity primary key,
    user_id bigint not null references accounts (id) on delete cascade,
    reason text not null,
    decided_by text not null,
    at bigint not null,
    until bigint,
    lifted_at bigint,
    lifted_by text
  )`,
  'create index bans_by_user on bans (user_id, id)',
  'create index bans_by_time on bans (at)',
];
