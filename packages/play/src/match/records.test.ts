import { expect, test } from '@jest/globals';
import { type BattleRecord, entity, playerId } from '@muster/ports';
import { battleRecordsService } from './records.js';
import { BATTLE } from './testdata/staged-match.js';

const RECORD: BattleRecord = {
  battleId: BATTLE,
  hostId: '7',
  engineVersion: 'e',
  gameName: 'g',
  mapName: 'm',
  tags: [],
  startedAt: 1,
  endedAt: 2,
  how: 'quit',
  winningAllyTeams: ['0'],
  players: [{ userId: playerId('42'), allyTeam: '0', team: '0' }],
};

test('a battle is recorded by its own match and by nobody else', async () => {
  const kept: BattleRecord[] = [];
  const service = battleRecordsService({ record: async (battle) => void kept.push(battle) });
  const record = (kind: string, id: string) =>
    service.commands.record(RECORD, {
      self: entity('battle-records', BATTLE),
      now: 3,
      origin: { type: 'entity', from: entity(kind, id), number: 1 },
    });
  expect(await record('match', BATTLE)).toEqual({ reply: null });
  expect(await record('match', 'another')).toMatchObject({ refuse: { reason: 'unauthorized' } });
  expect(await record('lobby', BATTLE)).toMatchObject({ refuse: { reason: 'unauthorized' } });
  expect(kept).toEqual([RECORD]);
});
