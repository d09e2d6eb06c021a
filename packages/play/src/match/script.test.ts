import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { autohostStart, TachyonProtocol } from '@muster/tachyon';
import type { BattleSetup } from './contract.js';
import { allyTeamKeys, setupFault, startScript } from './script.js';
import { BATTLE, SETUP } from './testdata/staged-match.js';

const PASSWORDS = { '42': 'pw-ann', '43': 'pw-bob', '44': 'pw-eve', '45': 'pw-joe' };
const protocol = new TachyonProtocol();

function seats(count: number): BattleSetup['players'] {
  return Array.from({ length: count }, (_, i) => ({
    userId: String(i + 1),
    name: `p${i + 1}`,
    allyTeam: String(i),
    team: '0',
    player: '0',
  }));
}

const ALONE: BattleSetup = { ...SETUP, players: seats(1), bots: [], spectators: [], gameOptions: {}, allyTeams: {} };
/** Two share a team, in the order of their seats; nothing that may be left out is there. */
const SHARED: BattleSetup = {
  ...ALONE,
  startPosType: 'fixed',
  mapOptions: { waterlevel: '3' },
  players: [
    { userId: '2', name: 'p2', allyTeam: '0', team: '0', player: '1' },
    { userId: '1', name: 'p1', allyTeam: '0', team: '0', player: '0' },
  ],
  bots: [{ hostUserId: '1', allyTeam: '1', team: '0', player: '0', shortName: 'NullAI' }],
};

describe('the start script', () => {
  test.each([
    ['lobby', SETUP],
    ['shared-team', SHARED],
  ])('of %s is the one in the golden file, and fits the schema', (name, setup) => {
    const script = startScript(setup, { ...PASSWORDS, '1': 'pw-1', '2': 'pw-2' });
    const path = new URL(`testdata/script-${name}.json`, import.meta.url);
    const text = `${JSON.stringify(script, null, 2)}\n`;
    if (process.env.UPDATE_TRANSCRIPTS) writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
    expect(protocol.check(autohostStart, { battleId: BATTLE, ...script })).toBeUndefined();
  });

  test('counts "10" after "9", as the lobby does', () => {
    const setup = { ...ALONE, players: seats(12) };
    const names = startScript(setup, {}).allyTeams.map(({ teams }) => teams[0]!.players![0]!.name);
    expect(names).toEqual(seats(12).map(({ name }) => name));
    expect(allyTeamKeys(setup)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  });
});

describe('no engine could be started', () => {
  test.each([
    ['nobody plays', { ...SETUP, players: [] }],
    ['somebody is in it twice', { ...SETUP, spectators: [{ userId: '42', name: 'ann' }] }],
    [
      'at most 254 can take part',
      {
        ...ALONE,
        players: seats(250),
        spectators: [{ userId: '999', name: 'x' }],
        bots: Array(4).fill({ ...SHARED.bots[0] }),
      },
    ],
    ['the bot BARb is run by somebody who is not in it', { ...SETUP, players: SETUP.players.slice(1) }],
  ])('%s', (why, setup) => {
    expect(setupFault(setup)).toBe(why);
  });

  test('unless all is well', () => {
    expect([SETUP, SHARED, ALONE, { ...ALONE, players: seats(254) }].map(setupFault)).toEqual(Array(4).fill(undefined));
  });
});
