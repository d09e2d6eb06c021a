// Whatever members ask in whatever order: what must always hold of a lobby.
import { expect, test } from '@jest/globals';
import { lobbyCreate, lobbyUpdated, TachyonProtocol } from '@muster/tachyon';
import fc from 'fast-check';
import { isWaiting, waiting } from './join-queue.js';
import { patchedDetails } from './patch.js';
import type { RuleData, RuleName } from './rules.js';
import { fillingOf, leastFilled, maxTeamsOf, seatedIn } from './seats.js';
import { type Details, isMember, memberIds } from './state.js';
import { allyTeams, Room } from './testdata/room.test-kit.js';
import { verdictOf } from './votes.js';

const protocol = new TachyonProtocol();

type Step = (room: Room) => void;

const users = fc.constantFrom('1', '2', '3', '4', '5', '6');
const config = fc
  .array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 12 })
  .map((rooms) => allyTeams(...rooms));
const key = fc.constantFrom('a', 'b');

/** A counterexample says what was done. */
function named(name: string, step: Step): Step {
  return Object.assign(step, { [fc.toStringMethod]: () => name });
}

/** A member asks; who is not in it cannot. */
function asks<K extends RuleName>(rule: K, data: fc.Arbitrary<RuleData[K]>): fc.Arbitrary<Step> {
  return fc.tuple(users, data).map(([user, what]) =>
    named(`${user} ${rule} ${JSON.stringify(what)}`, (room) => {
      if (isMember(room.details, user)) room.ask(user, rule, what);
    }),
  );
}

const bots = fc.constantFrom('bot-1', 'bot-2', 'bot-3');
const options = fc.dictionary(key, fc.constantFrom('x', 'y'));

const comes = users.map((user) => named(`${user} comes`, (room) => room.join(user)));
const goes = users.map((user) => named(`${user} goes`, (room) => room.leave(user)));

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: comes },
  goes,
  fc.constant<Step>((room) => room.voteTimesOut()),
  {
    weight: 4,
    arbitrary: asks('joinAllyTeam', fc.record({ allyTeam: fc.constantFrom('0', '1', '01', '2', '11', 'x') })),
  },
  { weight: 3, arbitrary: asks('joinQueue', fc.constant(undefined)) },
  asks('spectate', fc.constant(undefined)),
  asks('updateClientStatus', fc.record({ isReady: fc.boolean() })),
  {
    weight: 2,
    arbitrary: asks(
      'addBot',
      fc.record({ allyTeam: fc.constantFrom('0', '1'), shortName: fc.constant('AI'), options }),
    ),
  },
  asks(
    'updateBot',
    fc.record({
      id: bots,
      version: fc.constantFrom(null, 'v1'),
      options: fc.dictionary(key, fc.constantFrom(null, 'z')),
    }),
  ),
  asks('removeBot', fc.record({ id: bots })),
  asks('appointBoss', fc.record({ userId: users })),
  asks('unboss', fc.record({ userId: users })),
  asks('kickban', fc.record({ userId: users })),
  {
    weight: 3,
    arbitrary: asks(
      'voteSubmit',
      fc.record({
        id: fc.constantFrom('vote-1', 'vote-2'),
        vote: fc.constantFrom('yes' as const, 'no' as const, 'abstain' as const),
      }),
    ),
  },
  asks('update', fc.record({ allyTeamConfig: config, name: fc.constantFrom('x', 'y') })),
  asks('update', fc.record({ mapName: fc.constantFrom('Comet', 'Quicksilver') })),
  asks(
    'update',
    fc.record({ gameOptions: fc.dictionary(key, fc.option(fc.record({ value: fc.constantFrom('1', '2') }))) }),
  ),
);

const rooms = fc
  .record({ areBossesEnabled: fc.constantFrom(true, false, false), allyTeamConfig: config })
  .map((settings) => () => new Room(settings).join('2', '3', '4', '5'));

/** Plays the steps; after each `look` sees the lobby before and after. */
function played(look: (before: Details, room: Room) => void): void {
  const plays = fc.property(rooms, fc.array(steps, { minLength: 30, maxLength: 60, size: 'max' }), (open, taken) => {
    const room = open();
    for (const step of taken) {
      const before = room.details;
      step(room);
      look(before, room);
      // An empty lobby is closed: nothing follows.
      if (memberIds(room.details).length === 0) return;
    }
  });
  fc.assert(plays, { numRuns: 60 });
}

test('nobody is in two places, and nothing is said of who is gone', () => {
  played((_, { details }) => {
    const members = memberIds(details);
    expect(new Set(members).size).toBe(members.length);
    expect(Object.keys(details.bosses).filter((id) => !members.includes(id))).toEqual([]);
    expect(Object.values(details.bots).filter(({ hostUserId }) => !members.includes(hostUserId))).toEqual([]);
  });
});

test('no ally team holds more than it has room for, and its teams are numbered without holes', () => {
  played((_, { details }) => {
    const filling = fillingOf(details);
    expect(filling.length).toBe(Object.keys(details.allyTeamConfig).length);
    filling.forEach((count, allyTeam) => {
      expect(count).toBeLessThanOrEqual(maxTeamsOf(details, allyTeam));
      const teams = seatedIn(details).filter((seat) => seat.allyTeam === allyTeam);
      expect(teams.map(({ team }) => team)).toEqual(Array.from({ length: count }, (_, i) => i));
    });
  });
});

test('a seat names an ally team as the settings do', () => {
  played((_, { details }) => {
    for (const { allyTeam } of [...Object.values(details.players), ...Object.values(details.bots)])
      expect(Object.keys(details.allyTeamConfig)).toContain(allyTeam);
  });
});

test('positions in the queue are unique, and nobody waits where there is room', () => {
  played((_, { details }) => {
    const positions = waiting(details).map((id) => details.spectators[id]!.joinQueuePosition);
    expect(new Set(positions).size).toBe(positions.length);
    if (positions.length > 0) expect(leastFilled(details)).toBeUndefined();
  });
});

test('what members are sent makes of what they had what the lobby is', () => {
  played((before, { details, patch }) => {
    expect(patch ? patchedDetails(before, patch) : before).toEqual(details);
  });
});

test('what members are sent, and what who comes is given, has the form that the protocol says', () => {
  played((_, { details, patch }) => {
    expect(protocol.check({ ...lobbyCreate, data: lobbyCreate.reply }, details)).toBeUndefined();
    if (patch) expect(protocol.check(lobbyUpdated, patch)).toBeUndefined();
  });
});

test('a vote that runs is not decided yet, and ends when everybody has voted or left, or with its timer', () => {
  played((_, room) => {
    const { currentVote } = room.details;
    if (!currentVote) return;
    expect(verdictOf(currentVote)).toBeUndefined();
    const ends = [voteOut, leaveAll, (r: Room) => r.voteTimesOut()];
    for (const end of ends) {
      const copy = new Room();
      copy.lobby = room.lobby;
      end(copy, Object.keys(currentVote.voters));
      expect(copy.details.currentVote).toBeUndefined();
      expect(Object.keys(copy.details.voteHistory ?? {})).toContain(currentVote.id);
    }
  });
});

function voteOut(room: Room, voters: readonly string[]): void {
  for (const id of voters.filter((voter) => isMember(room.details, voter)))
    if (room.details.currentVote) room.ask(id, 'voteSubmit', { id: room.details.currentVote.id, vote: 'abstain' });
}

function leaveAll(room: Room, voters: readonly string[]): void {
  for (const id of voters) room.leave(id);
}

test('who waits is seated in the order of the queue', () => {
  played((before, { details }) => {
    const seatedNow = waiting(before).map((id) => Object.hasOwn(details.players, id));
    const stillIn = waiting(before).map((id) => isWaiting(details, id));
    const firstLeftOut = stillIn.indexOf(true);
    // Behind the first who still waits nobody of those who waited got a seat, but who asked for one in an ally team itself.
    if (firstLeftOut >= 0) expect(seatedNow.slice(firstLeftOut).filter(Boolean).length).toBeLessThanOrEqual(1);
  });
});
