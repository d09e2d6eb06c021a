import type { BattleRecord, Battles } from '@muster/ports';
import { defineService, type ServiceKind } from '@muster/runtime';

/** `battle-records/<battleId>`: keeps battles that are over. */
export const BATTLE_RECORDS_KIND = 'battle-records';

export interface BattleRecordsCommands {
  /** The first record of a battle stays. */
  record: { data: BattleRecord; reply: null };
}

export function battleRecordsService(battles: Pick<Battles, 'record'>): ServiceKind<BattleRecordsCommands> {
  return defineService<BattleRecordsCommands>(BATTLE_RECORDS_KIND, {
    commands: {
      record: async (battle, { self, origin }) => {
        // A match speaks of none but its own.
        if (
          origin.type !== 'entity' ||
          origin.from.kind !== 'match' ||
          origin.from.id !== battle.battleId ||
          self.id !== battle.battleId
        )
          return { refuse: { reason: 'unauthorized', details: 'a battle is recorded by its own match' } };
        await battles.record(battle);
        return { reply: null };
      },
    },
  });
}
