import type { BattleRecord, Battles, PlayerId } from '@muster/ports';
import { type Kysely, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { Schema } from './schema.js';
import { checkBattle, isStorable, rowId } from './storable.js';

export class SqlBattles implements Battles {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;

  constructor(db: Kysely<Schema>, calls: Calls) {
    this.db = db;
    this.calls = calls;
  }

  async record(battle: BattleRecord): Promise<void> {
    checkBattle(battle);
    const players = [...new Set(battle.players.map(({ userId }) => rowId(userId)!))];
    // One statement: the players are noted by whoever was first.
    const query = sql`with kept as (
        insert into battles (id, host_id, engine_version, game_name, map_name, tags, started_at, ended_at, how,
            winning_ally_teams, players)
          values (${battle.battleId}, ${battle.hostId}, ${battle.engineVersion}, ${battle.gameName}, ${battle.mapName},
            ${JSON.stringify(battle.tags)}::jsonb, ${battle.startedAt}, ${battle.endedAt}, ${battle.how},
            ${JSON.stringify(battle.winningAllyTeams)}::jsonb, ${JSON.stringify(battle.players)}::jsonb)
          on conflict (id) do nothing returning id, ended_at)
      insert into battle_players (user_id, ended_at, battle_id)
        select w.user_id, kept.ended_at, kept.id from kept, unnest(${players}::int8[]) as w(user_id)`;
    await this.calls.run('battles.record', () => query.execute(this.db));
  }

  async byId(battleId: string): Promise<BattleRecord | undefined> {
    if (!isStorable(battleId)) return undefined;
    const query = this.db.selectFrom('battles').selectAll().where('id', '=', battleId);
    const row = await this.calls.run('battles.byId', () => query.executeTakeFirst());
    return (
      row && {
        battleId: row.id,
        hostId: row.host_id,
        engineVersion: row.engine_version,
        gameName: row.game_name,
        mapName: row.map_name,
        tags: row.tags,
        startedAt: row.started_at,
        endedAt: row.ended_at,
        how: row.how,
        winningAllyTeams: row.winning_ally_teams,
        players: row.players,
      }
    );
  }

  async of(id: PlayerId, max: number): Promise<readonly string[]> {
    const query = this.db
      .selectFrom('battle_players')
      .select('battle_id')
      .where('user_id', '=', rowId(id) ?? 0)
      .orderBy('ended_at', 'desc')
      .orderBy('battle_id')
      .limit(max);
    return (await this.calls.run('battles.of', () => query.execute())).map(({ battle_id }) => battle_id);
  }
}
