import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

interface Party {
  readonly id: string;
  readonly maxMembers: number;
  readonly members: readonly { readonly userId: string; readonly joinedAt: number }[];
  readonly invited: readonly { readonly userId: string; readonly invitedAt: number }[];
}

/** Hears of its party, or of one that invites it, as it is now. */
export async function sees(who: Peer, members: readonly Peer[], invited: readonly Peer[] = []): Promise<void> {
  is(who, await who.hears<Party>('party/updated'), members, invited);
}

function is({ name }: Peer, party: Party | null | undefined, members: readonly Peer[], invited: readonly Peer[]): void {
  const ids = (peers: readonly { readonly userId: string }[]): string => peers.map(({ userId }) => userId).join();
  if (!party || ids(party.members) !== ids(members) || ids(party.invited) !== ids(invited))
    throw new Error(`${name} sees ${JSON.stringify(party)}, not ${ids(members)} and ${ids(invited)}`);
  // Microseconds: any number of seconds or milliseconds would be far below.
  const times = [...party.members.map(({ joinedAt }) => joinedAt), ...party.invited.map(({ invitedAt }) => invitedAt)];
  if (times.some((time) => time < 1e15)) throw new Error(`these are no microseconds: ${times}`);
}

/** @returns the party's id */
export async function makesParty(who: Peer): Promise<string> {
  const { party } = await who.ok<{ party: Party }>('party/create');
  is(who, party, [who], []);
  return party.id;
}

/** Invites somebody; members and those who are invited already hear of it, and who is invited, that it is. */
async function invites(who: Peer, whom: Peer, members: readonly Peer[], invited: readonly Peer[] = []): Promise<void> {
  await who.ok('party/invite', { userId: whom.userId });
  for (const peer of [...members, ...invited]) await sees(peer, members, [...invited, whom]);
  is(whom, (await whom.hears<{ party: Party }>('party/invited')).party, members, [...invited, whom]);
}

/** A party of all of them. @returns its id */
export async function partyOf(first: Peer, ...others: readonly Peer[]): Promise<string> {
  const partyId = await makesParty(first);
  const members = [first];
  for (const peer of others) {
    await invites(first, peer, members);
    await peer.ok('party/acceptInvite', { partyId });
    members.push(peer);
    for (const member of members) await sees(member, members);
  }
  return partyId;
}

const of = ({ userId }: Peer): object => ({ userId });

export const PARTY_CASES: readonly Case[] = [
  story('party/create makes a party of one; a second one is invalid_request', async (stage) => {
    const ann = await stage.player('ann');
    await makesParty(ann);
    await ann.fails('invalid_request', 'party/create');
  }),

  story('party/invite tells the invited player, the members, and those invited before', async (stage) => {
    const [ann, bob, cas] = await stage.players('ann', 'bob', 'cas', 'eve');
    await makesParty(ann);
    await invites(ann, bob, [ann]);
    await invites(ann, cas, [ann], [bob]);
  }),

  story(
    'party/invite of somebody who is away, unknown, there already or one too many is invalid_request',
    async (stage) => {
      const [ann, bob, cas, dan] = await stage.players('ann', 'bob', 'cas', 'dan');
      await ann.fails('invalid_request', 'party/invite', of(bob));
      await makesParty(ann);
      await ann.fails('invalid_request', 'party/invite', { userId: '999999999' });
      await ann.fails('invalid_request', 'party/invite', of(ann));
      await invites(ann, bob, [ann]);
      await ann.fails('invalid_request', 'party/invite', of(bob));
      await cas.ok('system/disconnect');
      await cas.ended();
      await ann.fails('invalid_request', 'party/invite', of(cas));
      await invites(ann, dan, [ann], [bob]);
      const eve = await stage.player('eve');
      await ann.fails('invalid_request', 'party/invite', of(eve));
    },
  ),

  story('party/invite of somebody who ignores who invites fails as if nobody were there', async (stage) => {
    const [ann, cas, dan] = await stage.players('ann', 'cas', 'dan');
    const bob = await stage.player('bob', 'v0.muster');
    await cas.ok('system/disconnect');
    await cas.ended();
    await partyOf(ann, dan);
    await bob.ok('friend/ignore', of(ann));
    const said = await ann.fails('invalid_request', 'party/invite', of(bob));
    const away = await ann.fails('invalid_request', 'party/invite', of(cas));
    if (said !== away) throw new Error(`${said} is not ${away}`);
    // It is who invites that counts, not who else is there.
    await invites(dan, bob, [ann, dan]);
  }),

  story('party/acceptInvite is answered before everybody, the newcomer too, hears of it', async (stage) => {
    const [ann, bob, cas] = await stage.players('ann', 'bob', 'cas');
    const partyId = await makesParty(ann);
    await invites(ann, bob, [ann]);
    await invites(ann, cas, [ann], [bob]);
    await bob.ok('party/acceptInvite', { partyId });
    for (const peer of [ann, bob, cas]) await sees(peer, [ann, bob], [cas]);
    await bob.fails('invalid_request', 'party/acceptInvite', { partyId });
  }),

  story('party/acceptInvite leaves the party where one is; other invitations stand', async (stage) => {
    const [ann, bob, cas] = await stage.players('ann', 'bob', 'cas');
    await partyOf(ann, bob);
    const other = await makesParty(cas);
    await invites(cas, bob, [cas]);
    await bob.ok('party/acceptInvite', { partyId: other });
    for (const peer of [cas, bob]) await sees(peer, [cas, bob]);
    await sees(ann, [ann]);
  }),

  story('party/declineInvite: the others hear of it, who declined does not', async (stage) => {
    const [ann, bob, cas] = await stage.players('ann', 'bob', 'cas');
    const partyId = await makesParty(ann);
    await invites(ann, bob, [ann]);
    await invites(ann, cas, [ann], [bob]);
    await bob.ok('party/declineInvite', { partyId });
    for (const peer of [ann, cas]) await sees(peer, [ann], [cas]);
    await bob.fails('invalid_request', 'party/declineInvite', { partyId });
  }),

  story('party/cancelInvite: the invited player is told that it is over, the others see it', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.fails('not_in_party', 'party/cancelInvite', of(bob));
    const partyId = await makesParty(ann);
    await ann.fails('invalid_invite', 'party/cancelInvite', of(bob));
    await invites(ann, bob, [ann]);
    await ann.ok('party/cancelInvite', of(bob));
    await bob.hearsExactly('party/removed', { partyId });
    await sees(ann, [ann]);
  }),

  story('party/kickMember: who is thrown out is told so, the others see it; nobody leads', async (stage) => {
    const [ann, bob, cas] = await stage.players('ann', 'bob', 'cas');
    const partyId = await partyOf(ann, bob, cas);
    await bob.ok('party/kickMember', of(ann));
    await ann.hearsExactly('party/removed', { partyId });
    for (const peer of [bob, cas]) await sees(peer, [bob, cas]);
    await bob.fails('invalid_request', 'party/kickMember', of(ann));
    await ann.fails('invalid_request', 'party/kickMember', of(bob));
  }),

  story('party/leave: the others see it, who leaves hears nothing; without a party it succeeds', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.ok('party/leave');
    await partyOf(ann, bob);
    await bob.ok('party/leave');
    await sees(ann, [ann]);
    await bob.ok('party/leave');
  }),

  story('the last one out ends a party and its invitations', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const partyId = await makesParty(ann);
    await invites(ann, bob, [ann]);
    await ann.ok('party/leave');
    await bob.hearsExactly('party/removed', { partyId });
    await bob.fails('invalid_request', 'party/acceptInvite', { partyId });
  }),

  story('who signs out leaves its party', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await partyOf(ann, bob);
    await bob.ok('system/disconnect');
    await bob.ended();
    await sees(ann, [ann]);
  }),

  story('party and invitations are in user/self of a connection that takes over', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await makesParty(ann);
    await invites(ann, bob, [ann]);
    const again = await stage.player('ann');
    await ann.ended();
    const { user } = again.self! as unknown as { user: { party: Party } };
    is(again, user.party, [again], [bob]);
    const bobAgain = await stage.player('bob');
    await bob.ended();
    const { invitedToParties } = (bobAgain.self! as unknown as { user: { invitedToParties: Party[] } }).user;
    is(bobAgain, invitedToParties[0], [again], [bobAgain]);
  }),

  story('what is sent in one breath is done in its order: create, invite; leave, create', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const succeed = async (...sent: readonly string[]): Promise<void> => {
      for (const id of sent) if ((await ann.answered(id)).status !== 'success') throw new Error(`${id} failed`);
    };
    await succeed(ann.send('party/create'), ann.send('party/invite', of(bob)));
    const { id: partyId } = (await bob.hears<{ party: Party }>('party/invited')).party;
    await sees(ann, [ann], [bob]);
    await succeed(ann.send('party/leave'), ann.send('party/create'), ann.send('party/leave'));
    await bob.hearsExactly('party/removed', { partyId });
  }),
];
