import { type Static, Type } from '@sinclair/typebox';
import { defineCommand } from './definition.js';
import { BattleId, SpringName, UserId, Version } from './shapes.js';

/** What one player needs to join a battle: for nobody else's eyes. The published schema wants a battle id for `ip`; clients want an address. */
export const PrivateBattle = Type.Object(
  {
    username: Type.String(),
    password: Type.String(),
    ip: Type.String(),
    port: Type.Number(),
    engine: Version,
    game: SpringName,
    map: SpringName,
  },
  { title: 'PrivateBattle' },
);
export type PrivateBattle = Static<typeof PrivateBattle>;

export const battleStart = defineCommand(
  {
    commandId: 'battle/start',
    direction: 'server→user',
    kind: 'request',
    what: 'Start the engine and join this battle. Sent when it begins, when you ask to join it, and again on a new connection until you have answered; `user/self` has it as `currentBattle` while it runs.',
    data: PrivateBattle,
    source: 'player',
  },
  {
    data: {
      username: 'ann',
      password: '9f1c2b7a64d05e83',
      ip: '192.0.2.7',
      port: 20_001,
      engine: { version: '2026.02.15' },
      game: { springName: 'Beyond All Reason test-27000' },
      map: { springName: 'Quicksilver Remake 1.24' },
    },
  },
);

export const battleEnded = defineCommand(
  {
    commandId: 'battle/ended',
    direction: 'server→user',
    kind: 'event',
    what: 'A battle that you played or watched is over. Nobody won where no team is named.',
    data: Type.Object({
      battleId: BattleId,
      players: Type.Array(
        Type.Object({ userId: UserId, allyTeam: Type.String(), team: Type.String(), player: Type.String() }),
      ),
      spectators: Type.Array(Type.Object({ userId: UserId })),
      winningAllyTeamIds: Type.Array(Type.String()),
    }),
    source: 'player',
  },
  {
    data: {
      battleId: '75bfc493-2b9d-495d-a453-06722fdca2ea',
      players: [
        { userId: '42', allyTeam: '0', team: '0', player: '0' },
        { userId: '43', allyTeam: '1', team: '0', player: '0' },
      ],
      spectators: [{ userId: '44' }],
      winningAllyTeamIds: ['0'],
    },
  },
);

export const BATTLE_COMMANDS = [battleStart, battleEnded] as const;
