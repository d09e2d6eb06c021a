import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

interface Text {
  readonly name: string;
  readonly tag: string;
  readonly language: string;
}

interface Member {
  readonly userId: string;
  readonly role: string;
  readonly joinedAt: number;
}

interface ClanView extends Text {
  readonly clanId: string;
  readonly description?: string;
  readonly members: readonly Member[];
}

let clans = 0;
/** Of this case alone: names and tags are taken once in the whole system. */
function newText(): Text {
  clans += 1;
  return {
    name: `Clan ${clans} ${Date.now().toString(36)}`,
    tag: `T${clans}${Date.now().toString(36)}`.slice(-10),
    language: 'en',
  };
}

async function found(leader: Peer, text = newText()): Promise<string> {
  await leader.ok('clan/create', text);
  const { clanId } = await leader.ok<{ clanId: string }>('user/info', { userId: leader.userId });
  return clanId;
}

async function join(leader: Peer, clanId: string, ...others: readonly Peer[]): Promise<void> {
  for (const other of others) {
    await leader.ok('clan/invite', { userId: other.userId });
    await other.hears('clan/invited');
    await other.ok('clan/accept', { clanId });
  }
}

async function membersAre(who: Peer, clanId: string, expected: readonly (readonly [Peer, string])[]): Promise<void> {
  const { members } = await who.ok<ClanView>('clan/view', { clanId });
  const said = members.map(({ userId, role }) => `${userId} ${role}`);
  const wanted = expected.map(([{ userId }, role]) => `${userId} ${role}`);
  if (said.join() !== wanted.join()) throw new Error(`members are ${said}, not ${wanted}`);
}

export const CLAN_CASES: readonly Case[] = [
  story('clan/create makes a clan with its founder as leader, seen by everybody', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const text = newText();
    const clanId = await found(ann, text);
    const user = await bob.ok<{ clanBaseData: unknown }>('user/info', { userId: ann.userId });
    if (JSON.stringify(user.clanBaseData) !== JSON.stringify({ clanId, ...text }))
      throw new Error(JSON.stringify(user));
    const view = await bob.ok<ClanView>('clan/view', { clanId });
    if (view.name !== text.name || view.members[0]!.joinedAt < 1e15) throw new Error(JSON.stringify(view));
    await membersAre(bob, clanId, [[ann, 'leader']]);
    await ann.fails('invalid_request', 'clan/create', newText());
    await bob.fails('invalid_request', 'clan/create', { ...newText(), name: text.name.toUpperCase() });
    await bob.fails('invalid_request', 'clan/create', { ...newText(), tag: text.tag.toLowerCase() });
    await bob.fails('invalid_request', 'clan/create', { ...newText(), tag: 'x' }, { malformed: true });
    await bob.fails('invalid_request', 'clan/create', { ...newText(), name: 'a\u0007b' }, { malformed: true });
    await bob.fails('invalid_request', 'clan/view', { clanId: 'nothing' });
  }),

  story('clan/viewList has clans with their names', async (stage) => {
    const ann = await stage.player('ann');
    await found(ann);
    const { clanList } = await ann.ok<{ clanList: readonly unknown[] }>('clan/viewList');
    if (!Array.isArray(clanList)) throw new Error(JSON.stringify(clanList));
  }),

  story('clan/invite of somebody who ignores who invites fails as if there were no such user', async (stage) => {
    const ann = await stage.player('ann');
    const bob = await stage.player('bob', 'v0.muster');
    await found(ann, newText());
    await bob.ok('friend/ignore', { userId: ann.userId });
    const said = await ann.fails('invalid_request', 'clan/invite', { userId: bob.userId });
    const nobody = await ann.fails('invalid_request', 'clan/invite', { userId: '999999999' });
    if (said !== nobody) throw new Error(`${said} is not ${nobody}`);
    await bob.ok('friend/unignore', { userId: ann.userId });
    await ann.ok('clan/invite', { userId: bob.userId });
    await bob.hears('clan/invited');
  }),

  story('clan/invite is heard by the one invited, who accepts or declines', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const text = newText();
    const clanId = await found(ann, text);
    await ann.ok('clan/invite', { userId: bob.userId });
    await bob.hearsExactly('clan/invited', { clanId, ...text });
    await ann.ok('clan/invite', { userId: bob.userId });
    await bob.ok('clan/accept', { clanId });
    await membersAre(cid, clanId, [
      [ann, 'leader'],
      [bob, 'member'],
    ]);
    await ann.ok('clan/invite', { userId: cid.userId });
    await cid.hears('clan/invited');
    await cid.ok('clan/decline', { clanId });
    await cid.fails('invalid_request', 'clan/accept', { clanId });
    await cid.fails('invalid_request', 'clan/decline', { clanId });
    await bob.fails('unauthorized', 'clan/invite', { userId: cid.userId });
    await ann.fails('invalid_request', 'clan/invite', { userId: '999999999' });
    await ann.fails('invalid_request', 'clan/invite', { userId: bob.userId });
    await cid.fails('invalid_request', 'clan/invite', { userId: bob.userId });
  }),

  story('clan/cancel takes an invitation back; where there is none it succeeds', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const clanId = await found(ann);
    await ann.ok('clan/invite', { userId: bob.userId });
    await bob.hears('clan/invited');
    await ann.ok('clan/cancel', { userId: bob.userId });
    await ann.ok('clan/cancel', { userId: bob.userId });
    await bob.fails('invalid_request', 'clan/accept', { clanId });
    await bob.fails('invalid_request', 'clan/cancel', { userId: ann.userId });
  }),

  story('an invitation to somebody who is away is in user/self', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await bob.ok('system/disconnect');
    await bob.ended();
    const clanId = await found(ann);
    await ann.ok('clan/invite', { userId: bob.userId });
    await bob.enter();
    if (JSON.stringify(bob.self!.user.clanInvites) !== JSON.stringify([clanId])) throw new Error('clanInvites');
    await bob.ok('clan/accept', { clanId });
    await bob.fails('invalid_request', 'clan/accept', { clanId });
  }),

  story('clan/update is heard by every member, and seen beside their names', async (stage) => {
    const [ann, bob, eve] = await stage.players('ann', 'bob', 'eve');
    const clanId = await found(ann);
    await join(ann, clanId, bob);
    const text = { ...newText(), description: 'Several\nlines' };
    await ann.ok('clan/update', text);
    await ann.hearsExactly('clan/updated', text);
    await bob.hearsExactly('clan/updated', text);
    const { clanBaseData } = await eve.ok<{ clanBaseData: Text }>('user/info', { userId: bob.userId });
    if (clanBaseData.tag !== text.tag) throw new Error(JSON.stringify(clanBaseData));
    await bob.fails('unauthorized', 'clan/update', newText());
    await eve.fails('invalid_request', 'clan/update', newText());
    await ann.fails('invalid_request', 'clan/update', { ...text, description: 'a\0b' }, { malformed: true });
  }),

  story('clan/setRole is heard by those whose role changes; who hands the lead over is a co-leader', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const clanId = await found(ann);
    await join(ann, clanId, bob, cid);
    const give = (who: Peer, targetRole: string) => ({ userId: who.userId, clanId, targetRole });
    const heard = (who: Peer, newRole: string) => ({ userId: who.userId, clanId, newRole });
    await ann.ok('clan/setRole', give(bob, 'coLeader'));
    await bob.hearsExactly('clan/roleChanged', heard(bob, 'coLeader'));
    await bob.fails('unauthorized', 'clan/setRole', give(cid, 'coLeader'));
    await ann.fails('invalid_request', 'clan/setRole', give(ann, 'member'));
    await ann.fails('unauthorized', 'clan/setRole', { ...give(bob, 'member'), clanId: 'another' });
    await ann.ok('clan/setRole', give(bob, 'leader'));
    await ann.hearsExactly('clan/roleChanged', heard(ann, 'coLeader'));
    await bob.hearsExactly('clan/roleChanged', heard(bob, 'leader'));
    await membersAre(cid, clanId, [
      [ann, 'coLeader'],
      [bob, 'leader'],
      [cid, 'member'],
    ]);
  }),

  story('clan/leave: everybody but the leader may go; the last one ends the clan', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const clanId = await found(ann);
    await join(ann, clanId, bob);
    await ann.fails('invalid_request', 'clan/leave');
    await bob.ok('clan/leave');
    await bob.fails('invalid_request', 'clan/leave');
    await membersAre(bob, clanId, [[ann, 'leader']]);
    await ann.ok('clan/leave');
    await ann.fails('invalid_request', 'clan/view', { clanId });
    const { clanId: after } = await bob.ok<{ clanId: unknown }>('user/info', { userId: ann.userId });
    if (after !== null) throw new Error(JSON.stringify(after));
  }),

  story('clan/kick is heard by the one who is removed', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const clanId = await found(ann);
    await join(ann, clanId, bob, cid);
    await bob.fails('unauthorized', 'clan/kick', { userId: cid.userId });
    await ann.ok('clan/kick', { userId: bob.userId });
    await bob.hearsExactly('clan/kicked', { clanId });
    await ann.fails('invalid_request', 'clan/kick', { userId: bob.userId });
    await ann.fails('invalid_request', 'clan/kick', { userId: ann.userId });
    await membersAre(bob, clanId, [
      [ann, 'leader'],
      [cid, 'member'],
    ]);
  }),

  story('clan/delete is heard by every member', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const clanId = await found(ann);
    await join(ann, clanId, bob);
    await bob.fails('unauthorized', 'clan/delete');
    await cid.fails('invalid_request', 'clan/delete');
    await ann.ok('clan/delete');
    await ann.hearsExactly('clan/deleted', { clanId });
    await bob.hearsExactly('clan/deleted', { clanId });
    await cid.fails('invalid_request', 'clan/view', { clanId });
    await found(bob);
  }),
];
