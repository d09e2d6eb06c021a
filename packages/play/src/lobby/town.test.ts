// Lobbies and their players in a real runtime, whose process dies between any two steps of a lobby's life, or in the middle of one.
import { expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Outcome } from '@muster/runtime';
import { Town } from '../player/testdata/town.js';
import type { Details } from './state.js';
import { allyTeams } from './testdata/room.test-kit.js';

const NAMES = ['ann', 'bob', 'cid'];
const MAP_VOTE = { mapName: 'Quicksilver' };

/** What a client does: user, command, data; `lobby.` goes to the lobby itself. */
type Step = readonly [user: string, command: string, data?: object];

const LIFE: readonly Step[] = [
  ['1', 'createLobby', { name: 'A', mapName: 'Comet', allyTeamConfig: allyTeams(1, 1), areBossesEnabled: false }],
  ['2', 'joinLobby'],
  ['2', 'lobby.joinQueue'],
  ['1', 'lobby.update', MAP_VOTE],
  ['2', 'lobby.voteSubmit', { id: 'vote-1', vote: 'yes' }],
  ['3', 'joinLobby'],
  ['3', 'lobby.joinQueue'],
  ['2', 'lobby.spectate'],
  ['2', 'joinLobby'],
  ['1', 'lobby.kickban', { userId: '3' }],
  ['3', 'lobby.voteSubmit', { id: 'vote-2', vote: 'yes' }],
  ['3', 'joinLobby'],
  ['2', 'leaveLobby'],
  ['1', 'leaveLobby'],
  ['3', 'leaveLobby'],
];

type Trouble = (town: Town) => void;

class Life {
  readonly town = new Town(...NAMES);
  id = '';
  /** Reply of each step, and what the lobby was after it. */
  readonly story: string[] = [];
  /** `lobby/left` that players were told. */
  readonly left: string[] = [];
  /** Users who read in `user/self` that they are in no lobby. */
  readonly nowhere = new Set<string>();
  private asked = 100;

  async begin(): Promise<this> {
    for (const user of ['1', '2', '3']) await this.town.signIn(user, `g1#a/${user}`);
    return this;
  }

  /** The process that has everything dies, and gateways listen to its successor. */
  async dies(trouble: Trouble): Promise<void> {
    trouble(this.town);
    for (const user of ['1', '2', '3']) {
      await this.town.listen('g1#a', user, 'self');
      this.town.ask(user, `g1#a/${user}`, 'attach', {
        session: `g1#a/${user}`,
        gateway: 'g1#a',
        resume: true,
        login: 1,
      });
    }
    await this.settle();
  }

  /** `during`: the process dies after it got the command and before anybody saw an answer; the gateway sends it again. */
  async take([user, command, data = {}]: Step, during?: Trouble): Promise<void> {
    this.asked += 1;
    const request = this.asked;
    const send = () => {
      if (command === 'joinLobby')
        this.town.askOf(entity('player', user), user, session, command, { id: this.id }, request);
      else if (!command.startsWith('lobby.'))
        this.town.askOf(entity('player', user), user, session, command, data, request);
      else this.town.askOf(entity('lobby', this.id), user, session, command.slice(6), data, request);
    };
    const session = `g1#a/${user}`;
    send();
    if (during) {
      await this.town.clock.advance(1);
      this.look('unanswered');
      await this.dies(during);
      send();
    }
    await this.settle();
    const reply = this.replies.get(request);
    this.story.push(`${user} ${command} ${reply ?? 'no answer'} ${JSON.stringify(await this.details())}`);
  }

  private readonly replies = new Map<number, string>();

  async settle(): Promise<void> {
    await this.town.clock.advance(200);
    this.look();
  }

  /** Takes what was seen; `unanswered`: of replies nothing has arrived. */
  private look(how?: 'unanswered'): void {
    for (const seen of this.town.seen.splice(0)) {
      if (seen.type === 'event') this.heard(seen.from, seen.name, seen.data);
      else if (!how) this.answered(seen.request, seen.outcome);
    }
  }

  private heard(from: string, name: string, data: unknown): void {
    if (name === 'lobby/left') this.left.push(`${from} ${(data as { reason: string }).reason}`);
    if (name !== '') return;
    const { user } = data as { user?: { currentLobby: string | null } };
    if (user && user.currentLobby === null) this.nowhere.add(from);
  }

  private answered(request: number, outcome: Outcome): void {
    if (outcome.ok) {
      const value = JSON.parse(outcome.json) as { moved?: { kind: string; id: string | null } } | null;
      if (value?.moved?.id) this.id = value.moved.id;
    }
    this.replies.set(request, outcome.ok ? 'ok' : `${outcome.code} ${outcome.details.reason ?? ''}`);
  }

  /** The lobby as its members have it, under a name that every run gives it; null: there is none. */
  async details(): Promise<unknown> {
    await this.town.listenTo('look', entity('lobby', this.id), 'members');
    const last = this.town.seen.filter((seen) => seen.type === 'event' && seen.gateway === 'look').at(-1);
    this.town.seen.splice(0);
    const text = JSON.stringify(last?.type === 'event' ? last.data : null);
    return JSON.parse(text.replaceAll(this.id, 'the lobby').replace(/"(until|finishedAt)":\d+/g, '"$1":0'));
  }

  /** Where the players believe to be. */
  async beliefs(): Promise<readonly (string | undefined)[]> {
    const answers: (string | undefined)[] = [];
    for (const user of ['1', '2', '3']) {
      this.asked += 1;
      const request = this.asked;
      this.town.askOf(entity('player', user), user, `g1#a/${user}`, 'places', {}, request);
      await this.town.clock.advance(5);
      const reply = this.town.seen.find((seen) => seen.type === 'reply' && seen.request === request);
      if (reply?.type !== 'reply' || !reply.outcome.ok) throw new Error(`${user} does not say where it is`);
      answers.push((JSON.parse(reply.outcome.json) as { lobby?: string }).lobby);
    }
    this.town.seen.splice(0);
    return answers;
  }
}

async function lived(
  trouble?: (life: Life, step: number) => Promise<void>,
  during?: number,
  how?: Trouble,
): Promise<Life> {
  const life = await new Life().begin();
  for (const [i, step] of LIFE.entries()) {
    await trouble?.(life, i);
    await life.take(step, during === i ? how : undefined);
  }
  return life;
}

const TROUBLES: readonly (readonly [string, Trouble])[] = [
  ['a promotion', (town) => town.promote()],
  ['a start from storage', (town) => town.load()],
];

test('a lobby lives its life', async () => {
  const { story, left } = await lived();
  expect(story.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(
    LIFE.map(([user, command]) => `${user} ${command} ok`),
  );
  const [third, last] = [story[2]!, story.at(-1)!];
  const { players } = JSON.parse(third.slice(third.indexOf('{'))) as Details;
  expect(Object.keys(players)).toEqual(['1', '2']);
  expect(last.endsWith(' null')).toBe(true);
  expect(left).toEqual(['3 kicked']);
});

test.each(TROUBLES)('%s between any two steps changes nothing that anybody sees', async (_, trouble) => {
  const expected = await lived();
  for (let at = 1; at < LIFE.length; at += 1) {
    const life = await lived(async (one, step) => {
      if (step === at) await one.dies(trouble);
    });
    expect([at, life.story, life.left]).toEqual([at, expected.story, expected.left]);
  }
});

test.each(TROUBLES)('%s in the middle of any step changes nothing that anybody sees', async (_, trouble) => {
  const expected = await lived();
  for (let at = 0; at < LIFE.length; at += 1) {
    const life = await lived(undefined, at, trouble);
    expect([at, life.story, life.left]).toEqual([at, expected.story, expected.left]);
  }
});

/** Ann has opened a lobby, bob is in it. */
async function gathered(): Promise<Life> {
  const life = await new Life().begin();
  for (const step of LIFE.slice(0, 2)) await life.take(step);
  return life;
}

test('a lobby that is lost is told to those who were in it, and they may open another', async () => {
  const life = await gathered();
  life.nowhere.clear();
  await life.dies((town) => town.load(entity('lobby', life.id)));
  // Whoever did not listen yet as the actor found out is told by the state that it gets.
  const told = new Set([...life.left.map((line) => line.replace(' lobby crashed', '')), ...life.nowhere]);
  expect([...told].sort()).toEqual(['1', '2', '3']);
  expect(await life.beliefs()).toEqual([undefined, undefined, undefined]);
  await life.take(LIFE[0]!);
  expect(life.story.at(-1)).toContain('createLobby ok');
});

test('a player that is lost is no member any more once the lobby has asked, and a lobby that everybody has lost closes', async () => {
  const life = await gathered();
  await life.dies((town) => town.load(entity('player', '2')));
  expect(Object.keys(((await life.details()) as Details).spectators)).toEqual([]);
  expect((await life.beliefs())[1]).toBeUndefined();
  await life.dies((town) => town.load(entity('player', '1')));
  expect(await life.details()).toBeNull();
});

test('a player whose session ends leaves', async () => {
  const life = await gathered();
  life.town.ask('1', 'g1#a/1', 'detach', { session: 'g1#a/1', clean: true });
  await life.settle();
  expect(Object.keys(((await life.details()) as Details).players)).toEqual([]);
});

test('a long answer that made room for another one is given as it is now, also by the next owner, with the token of who opened it', async () => {
  const town = new Town('ann');
  const session = 'g1#a/1';
  await town.signIn('1', session);
  const answer = async (): Promise<string> => {
    const lines = await town.told();
    return lines.find((line) => line.startsWith(`${session} `)) ?? '';
  };
  const gameOptions = Object.fromEntries(
    Array.from({ length: 90 }, (_, n) => [`option ${n}`, { value: 'x'.repeat(100) }]),
  );
  const create = { name: 'A', mapName: 'Comet', allyTeamConfig: allyTeams(1, 1), gameOptions };
  const opening = town.ask('1', session, 'createPrivateLobby', create);
  const opened = await answer();
  expect(opened.length).toBeGreaterThan(8_192);
  const { token } = JSON.parse(opened.slice(opened.indexOf('{'))).data as { token: string };
  town.ask('1', session, 'subscribeUpdates', { userIds: ['1'] });
  await town.told();
  town.promote();
  town.ask('1', session, 'createPrivateLobby', create, opening);
  expect(await answer()).toContain('TOO_OLD');
  town.ask('1', session, 'privateLobbyAgain', null);
  const again = await answer();
  expect(again).toContain(`"token":"${token}"`);
  expect(again).toContain('"option 89"');
});
