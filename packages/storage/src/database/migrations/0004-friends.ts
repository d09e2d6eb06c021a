/** Friends, friend requests and who ignores whom; and what was done last for whom, so that a write that is asked for again is not done again. */
export const friends: readonly string[] = [
  `create table operations (
    sender text not null,
    receiver text not null,
    number bigint not null,
    result text,
    at bigint not null,
    primary key (sender, receiver)
  )`,
  // Locked before a player's friends are read or changed; counts the changes.
  `create table friend_versions (
    user_id bigint primary key references accounts (id) on delete cascade,
    version bigint not null
  )`,
  // Two rows a friendship.
  `create table friendships (
    user_id bigint not null references accounts (id) on delete cascade,
    friend_id bigint not null references accounts (id) on delete cascade,
    since bigint not null,
    primary key (user_id, friend_id)
  )`,
  'create index friendships_by_friend on friendships (friend_id)',
  `create table friend_requests (
    from_id bigint not null references accounts (id) on delete cascade,
    to_id bigint not null references accounts (id) on delete cascade,
    sent_at bigint not null,
    primary key (from_id, to_id)
  )`,
  'create index friend_requests_by_receiver on friend_requests (to_id)',
  `create table ignores (
    user_id bigint not null references accounts (id) on delete cascade,
    ignored_id bigint not null references accounts (id) on delete cascade,
    at bigint not null,
    primary key (user_id, ignored_id)
  )`,
  'create index ignores_by_ignored on ignores (ignored_id)',
];
