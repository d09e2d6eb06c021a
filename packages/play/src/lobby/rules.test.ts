import { describe, expect, test } from '@jest/globals';
import { unixTime } from '@muster/tachyon';
import { allyTeams, BOX, Room } from './testdata/room.test-kit.js';

const MINUTE = 60_000;

describe('seats', () => {
  test('who opens a lobby sits first, not ready, and is a boss where there are bosses', () => {
    expect(new Room().details).toMatchObject({
      players: { 1: { id: '1', allyTeam: '0', team: '0', player: '0', isReady: false, assetStatus: 'complete' } },
      bosses: {},
    });
    expect(new Room({ areBossesEnabled: true }).details.bosses).toEqual({ 1: {} });
  });

  test('who comes watches, and is told to the others', () => {
    const room = new Room().join('2');
    expect(room.seats).toEqual({ 1: '0.0', 2: 'watches' });
    expect(room.patch).toEqual({ id: 'l1', spectators: { 2: { id: '2' } } });
  });

  test('a lobby takes as many members as it may have', () => {
    const room = new Room({}, { membersMax: 2 }).join('2');
    expect(room.join('3').reason).toBe('lobby_full');
    expect(room.join('2').reason).toBeUndefined();
  });

  test('a full ally team takes nobody; the one that one sits in is fine', () => {
    const room = new Room().join('2', '3', '4').sit('0', '2', '3');
    expect(room.reason).toBe('ally_team_full');
    expect(room.sit('0', '2').reason).toBeUndefined();
    expect(room.patch).toBeUndefined();
    expect(room.sit('2', '3').reason).toBe('invalid_request');
  });

  test('who moves is not ready any more, and the teams behind it move up', () => {
    const room = new Room().join('2').sit('0', '2').ask('2', 'updateClientStatus', { isReady: true });
    room.sit('1', '1');
    expect(room.seats).toEqual({ 1: '1.0', 2: '0.0' });
    expect(room.details.players['2']!.isReady).toBe(true);
    expect(room.ask('1', 'updateClientStatus', { isReady: true }).sit('0', '1').details.players['1']!.isReady).toBe(
      false,
    );
  });

  test('keys of more than ten ally teams sort as text like numbers do', () => {
    const room = new Room({ allyTeamConfig: allyTeams(...Array.from({ length: 12 }, () => 1)) });
    const keys = Object.keys(room.details.allyTeamConfig);
    expect([...keys].sort()).toEqual(Array.from({ length: 12 }, (_, i) => String(i).padStart(2, '0')));
    expect(room.join('2').sit('11', '2').seats).toEqual({ 1: '00.0', 2: '11.0' });
    expect(room.join('3').sit('3', '3').seats).toMatchObject({ 3: '03.0' });
  });
});

describe('the queue', () => {
  test('who asks for a place gets one at once where there is one, in the ally team with the fewest', () => {
    const room = new Room().join('2').ask('2', 'joinQueue', undefined);
    expect(room.seats).toEqual({ 1: '0.0', 2: '1.0' });
  });

  test('who waits gets the place of who goes, the first one first', () => {
    const room = new Room({ allyTeamConfig: allyTeams(1, 1) }).join('2', '3', '4').sit('1', '2');
    room.ask('3', 'joinQueue', undefined).ask('4', 'joinQueue', undefined);
    expect(room.seats).toEqual({ 1: '0.0', 2: '1.0', 3: 'q1', 4: 'q2' });
    expect(room.leave('2').seats).toEqual({ 1: '0.0', 3: '1.0', 4: 'q2' });
    expect(room.ask('1', 'spectate', undefined).seats).toEqual({ 1: 'watches', 3: '1.0', 4: '0.0' });
  });

  test('a player lets the first who waits have its seat, and goes to the back', () => {
    const room = new Room({ allyTeamConfig: allyTeams(1) }).join('2', '3');
    expect(room.ask('1', 'joinQueue', undefined).seats).toMatchObject({ 1: '0.0' });
    room.ask('2', 'joinQueue', undefined).ask('3', 'joinQueue', undefined).ask('1', 'joinQueue', undefined);
    expect(room.seats).toEqual({ 2: '0.0', 3: 'q2', 1: 'q3' });
  });

  test('who watches again is told to have no position', () => {
    const room = new Room({ allyTeamConfig: allyTeams(1) }).join('2').ask('2', 'joinQueue', undefined);
    expect(room.ask('2', 'spectate', undefined).patch).toEqual({
      id: 'l1',
      spectators: { 2: { id: '2', joinQueuePosition: null } },
    });
  });
});

describe('bots', () => {
  const ai = { allyTeam: '1', shortName: 'BARb' };

  test('a bot has a seat, and goes with who brought it', () => {
    const room = new Room()
      .join('2')
      .ask('2', 'addBot', { ...ai, name: 'Barb', version: 'stable', options: { a: 'b' } });
    expect(room.patch).toEqual({
      id: 'l1',
      bots: {
        'bot-1': {
          id: 'bot-1',
          hostUserId: '2',
          allyTeam: '1',
          team: '0',
          player: '0',
          name: 'Barb',
          shortName: 'BARb',
          version: 'stable',
          options: { a: 'b' },
        },
      },
    });
    expect(room.leave('2').patch).toEqual({ id: 'l1', spectators: { 2: null }, bots: { 'bot-1': null } });
  });

  test('null takes a version or an option away; what is not named stays', () => {
    const room = new Room().ask('1', 'addBot', { ...ai, version: 'stable', options: { a: 'b', c: 'd' } });
    room.ask('1', 'updateBot', { id: 'bot-1', version: null, options: { a: null, e: 'f' } });
    expect(room.details.bots['bot-1']).toMatchObject({ shortName: 'BARb', options: { c: 'd', e: 'f' } });
    expect(room.details.bots['bot-1']).not.toHaveProperty('version');
    expect(room.patch!.bots!['bot-1']).toEqual({ id: 'bot-1', version: null, options: { a: null, e: 'f' } });
    expect(room.ask('1', 'updateBot', { id: 'bot-7' }).reason).toBe('invalid_bot');
    expect(room.ask('1', 'removeBot', { id: 'bot-7' }).reason).toBe('invalid_bot');
  });

  test('bots take the room of players, and no id is given twice', () => {
    const room = new Room({ allyTeamConfig: allyTeams(1, 1) }).ask('1', 'addBot', ai).join('2');
    expect(room.ask('1', 'addBot', ai).reason).toBe('ally_team_full');
    expect(room.ask('2', 'joinQueue', undefined).seats).toEqual({ 1: '0.0', 'bot-1': '1.0', 2: 'q1' });
    expect(room.ask('1', 'removeBot', { id: 'bot-1' }).seats).toEqual({ 1: '0.0', 2: '1.0' });
    expect(room.leave('2').ask('1', 'addBot', ai).seats).toEqual({ 1: '0.0', 'bot-2': '1.0' });
  });

  test('members and bots are no more than a battle takes', () => {
    const room = new Room({}, { participantsMax: 4 }).join('2').ask('1', 'addBot', ai).ask('1', 'addBot', ai);
    expect(room.ask('1', 'addBot', { ...ai, allyTeam: '0' }).reason).toBe('invalid_request');
    expect(room.join('3').reason).toBe('lobby_full');
    expect(room.ask('1', 'removeBot', { id: 'bot-2' }).join('3').reason).toBeUndefined();
  });

  test('many small changes do not make options without end', () => {
    const room = new Room({}, { botOptionsCharsMax: 10, botOptionsMax: 2 }).ask('1', 'addBot', {
      ...ai,
      options: { a: '12345' },
    });
    expect(room.ask('1', 'updateBot', { id: 'bot-1', options: { b: '12345' } }).reason).toBe('invalid_request');
    room.ask('1', 'updateBot', { id: 'bot-1', options: { b: '' } });
    expect(room.ask('1', 'updateBot', { id: 'bot-1', options: { c: '' } }).reason).toBe('invalid_request');
  });
});

describe('settings', () => {
  test('only bosses change them where there are any', () => {
    const room = new Room({ areBossesEnabled: true }).join('2');
    expect(room.ask('2', 'update', { name: 'Mine' }).reason).toBe('invalid_request');
    expect(room.ask('1', 'update', { name: 'Mine', tags: { noob: {} } }).patch).toEqual({
      id: 'l1',
      name: 'Mine',
      tags: { noob: {} },
    });
  });

  test('all of the changes or none', () => {
    const room = new Room().join('2');
    room.ask('2', 'update', { name: 'Mine', mapName: 'Other' });
    expect([room.reason, room.details.name, room.patch]).toEqual(['invalid_request', 'All welcome', undefined]);
  });

  test('who plays alone changes the map; of several players each has a vote', () => {
    const room = new Room().ask('1', 'update', { mapName: 'Quicksilver' }).join('2').sit('1', '2');
    expect(room.details.mapName).toBe('Quicksilver');
    room.ask('1', 'update', { mapName: 'Comet', name: 'Mine' });
    expect(room.patch).toMatchObject({ name: 'Mine', currentVote: { id: 'vote-1', quorum: 2, majority: 2 } });
    expect(room.details.mapName).toBe('Quicksilver');
    expect(room.ask('2', 'update', { mapName: 'Comet' })).toMatchObject({ reason: undefined, patch: undefined });
    expect(room.ask('2', 'update', { mapName: 'Third', name: 'Yours' }).reason).toBe('invalid_request');
    expect(room.details.name).toBe('Mine');
    room.ask('2', 'voteSubmit', { id: 'vote-1', vote: 'yes' });
    expect([room.details.mapName, room.ended]).toEqual(['Comet', ['vote-1 passed']]);
  });

  test('where ally teams shrink, who loses the seat waits in front of everybody; bots go first', () => {
    const room = new Room({ allyTeamConfig: allyTeams(3, 1) }).join('2', '3', '4', '5');
    room.sit('0', '2').sit('1', '3').ask('1', 'addBot', { allyTeam: '0', shortName: 'AI' });
    room.ask('4', 'joinQueue', undefined);
    expect(room.seats).toMatchObject({ 1: '0.0', 2: '0.1', 'bot-1': '0.2', 3: '1.0', 4: 'q1' });
    room.ask('1', 'update', { allyTeamConfig: allyTeams(1) });
    expect(room.seats).toEqual({ 1: '0.0', 2: 'q-1', 3: 'q0', 4: 'q1', 5: 'watches' });
    expect(room.patch!.allyTeamConfig).toEqual({ 0: { maxTeams: 1, teams: { 1: null, 2: null } }, 1: null });
    expect(room.ask('1', 'update', { allyTeamConfig: allyTeams(2) }).seats).toMatchObject({ 2: '0.1', 3: 'q0' });
  });

  test('a start box is sent whole, and with it that nothing is said of teams', () => {
    const room = new Room();
    const [first, second] = allyTeams(2, 2);
    room.ask('1', 'update', { allyTeamConfig: [first!, { ...second!, startBox: { ...BOX, left: 0.5, right: 1 } }] });
    expect(room.patch).toEqual({
      id: 'l1',
      allyTeamConfig: { 1: { teams: {}, startBox: { top: 0, bottom: 1, left: 0.5, right: 1 } } },
    });
  });

  test('more than any battle holds, no ally team at all and names of nothing are refused', () => {
    const room = new Room({}, { gameOptionsCharsMax: 10, tagsMax: 1 });
    const refused = [
      { allyTeamConfig: allyTeams(200, 55) },
      { allyTeamConfig: [] },
      { name: '  ' },
      { gameOptions: { a: { value: '0123456789' } } },
      { tags: { a: {}, b: {} } },
    ];
    for (const changes of refused) expect(room.ask('1', 'update', changes).reason).toBe('invalid_request');
    room.ask('1', 'update', { gameOptions: { a: { value: '123456789' } } });
    expect(room.ask('1', 'update', { gameOptions: { b: { value: '' } } }).reason).toBe('invalid_request');
    expect(room.ask('1', 'update', { gameOptions: { a: null, b: { value: '' } } }).reason).toBeUndefined();
  });
});

describe('votes', () => {
  /** Four players, no boss. */
  const four = () => new Room().join('2', '3', '4').sit('0', '2').sit('1', '3', '4');

  test('whoever begins has said yes; half and a bit more decide', () => {
    const room = four().join('5').ask('1', 'kickban', { userId: '4' });
    expect(room.details.currentVote).toMatchObject({
      voters: { 1: { vote: 'yes' }, 2: { vote: 'pending' }, 3: { vote: 'pending' }, 4: { vote: 'pending' } },
      quorum: 3,
      majority: 3,
      until: unixTime(room.now + MINUTE),
    });
    expect(room.ask('5', 'voteSubmit', { id: 'vote-1', vote: 'yes' }).reason).toBe('invalid_request');
    room.ask('2', 'voteSubmit', { id: 'vote-1', vote: 'yes' }).ask('3', 'voteSubmit', { id: 'vote-1', vote: 'no' });
    expect(room.ended).toEqual(['vote-1 failed']);
    expect(room.patch).toMatchObject({ currentVote: null, voteHistory: { 'vote-1': { outcome: 'failed' } } });
    expect(room.ask('4', 'voteSubmit', { id: 'vote-1', vote: 'yes' }).reason).toBe('invalid_request');
  });

  test('a vote that nobody answers ends with its time', () => {
    expect(four().ask('1', 'kickban', { userId: '4' }).voteTimesOut().ended).toEqual(['vote-1 timeout']);
  });

  test('who leaves abstains; a vote about who leaves is cancelled', () => {
    const room = four().ask('1', 'kickban', { userId: '4' }).leave('3');
    expect(room.details.currentVote!.voters).toMatchObject({ 3: { vote: 'abstain' } });
    expect(room.leave('4').ended).toEqual(['vote-1 cancelled']);
  });

  test('a vote of two players ends when the other one leaves', () => {
    const room = new Room().join('2').sit('1', '2').ask('1', 'update', { mapName: 'Other' }).leave('2');
    expect([room.ended, room.details.mapName]).toEqual([['vote-1 failed'], 'Comet']);
  });

  test('history keeps ten; then the oldest four go', () => {
    const room = four();
    for (let i = 0; i < 11; i += 1) room.ask('1', 'kickban', { userId: '4' }).voteTimesOut();
    expect(Object.keys(room.details.voteHistory!)).toEqual([5, 6, 7, 8, 9, 10, 11].map((n) => `vote-${n}`));
  });
});

describe('bosses, kicks and bans', () => {
  test('a boss makes a boss, and an ordinary member of one', () => {
    const room = new Room({ areBossesEnabled: true }).join('2', '3');
    expect(room.ask('2', 'appointBoss', { userId: '2' }).reason).toBe('invalid_request');
    expect(room.ask('1', 'appointBoss', { userId: '2' }).patch).toEqual({ id: 'l1', bosses: { 2: {} } });
    expect(room.ask('2', 'unboss', { userId: '1' }).details.bosses).toEqual({ 2: {} });
    expect(room.ask('1', 'unboss', {}).reason).toBe('not_a_boss');
    expect(room.ask('2', 'unboss', {}).details.bosses).toEqual({});
  });

  test('without bosses nobody can be made one', () => {
    expect(new Room().ask('1', 'appointBoss', { userId: '1' }).reason).toBe('bosses_not_allowed');
  });

  test('where the last boss has gone, players vote for another', () => {
    const room = new Room({ areBossesEnabled: true }).join('2', '3', '4').sit('1', '2').sit('0', '3').leave('1');
    expect(room.ask('4', 'appointBoss', { userId: '4' }).reason).toBe('invalid_request');
    room.ask('2', 'appointBoss', { userId: '3' }).ask('3', 'voteSubmit', { id: 'vote-1', vote: 'yes' });
    expect(room.details.bosses).toEqual({ 3: {} });
  });

  test('a boss kicks; who was banned cannot come back before the time', () => {
    const room = new Room({ areBossesEnabled: true }).join('2', '3');
    expect(room.ask('2', 'kickban', { userId: '3' }).reason).toBe('invalid_request');
    expect(room.ask('1', 'kickban', { userId: '1' }).reason).toBe('invalid_request');
    expect(room.ask('1', 'kickban', { userId: '9' }).reason).toBe('invalid_request');
    room.ask('1', 'kickban', { userId: '2' });
    expect(room.join('2').seats).toMatchObject({ 2: 'watches' });
    room.ask('1', 'kickban', { userId: '3', banUntil: unixTime(room.now + MINUTE) });
    expect([room.seats, room.join('3').reason]).toEqual([{ 1: '0.0', 2: 'watches' }, 'banned']);
    room.now += MINUTE;
    expect(room.join('3').reason).toBeUndefined();
  });

  test('players without a boss vote, and the vote bans', () => {
    const room = new Room().join('2', '3').sit('1', '2');
    room.ask('1', 'kickban', { userId: '3', banUntil: unixTime(room.now + MINUTE) });
    room.ask('2', 'voteSubmit', { id: 'vote-1', vote: 'yes' });
    expect([room.seats, room.join('3').reason]).toEqual([{ 1: '0.0', 2: '1.0' }, 'banned']);
  });

  test('of too many bans the one that ends first is forgotten', () => {
    const room = new Room({ areBossesEnabled: true }, { bansMax: 2 }).join('2', '3', '4');
    ['2', '3', '4'].forEach((userId, i) => {
      room.ask('1', 'kickban', { userId, banUntil: unixTime(room.now + MINUTE * (5 - i)) });
    });
    expect(Object.keys(room.lobby.inside.bans)).toEqual(['2', '4']);
  });
});

test('only players have a status', () => {
  expect(new Room().join('2').ask('2', 'updateClientStatus', { isReady: true }).reason).toBe('not_a_player');
});
