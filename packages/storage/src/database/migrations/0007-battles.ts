/** Battles that are over. Players are kept by id alone: a battle outlives an account. */
export const battles: readonly string[] = [
  `create table battles (
    id text primary key,
    host_id text,
    engine_version text not null,
    game_name text not null,
    map_name text not null,
    tags jsonb not null,
    started_at bigint not null,
    ended_at bigint not null,
    how text not null,
    winning_ally_teams jsonb not null,
    players jsonb not null
  )`,
  `create table battle_players (
    user_id bigint not null,
    ended_at bigint not null,
    battle_id text not null references battles (id) on delete cascade,
    primary key (user_id, ended_at, battle_id)
  )`,
];
