import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';
import { allHear, allHearOf, allyTeams, equals, lobbyOf } from './lobby.js';

/** The next that each of them hears is how the vote ended, and that there is none. @returns what the first one was told of the lobby */
async function voteIs(peers: readonly Peer[], ended: object): Promise<Record<string, unknown>> {
  const told: Record<string, unknown>[] = [];
  for (const peer of peers) {
    const [updated, said] = await peer.hearsTogether('lobby/updated', 'lobby/voteEnded');
    equals(said, ended);
    told.push(updated as Record<string, unknown>);
  }
  for (const { currentVote } of told) equals(currentVote, null);
  return told[0]!;
}

export const VOTE_CASES: readonly Case[] = [
  story('several players vote on another map', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob', 'cid']);
    const [ann, bob, cid] = peers as [Peer, Peer, Peer];
    await bob.ok('lobby/joinQueue');
    await allHearOf(peers, 'players');
    await ann.ok('lobby/update', { mapName: 'Quicksilver' });
    const { currentVote } = (await allHearOf(peers, 'currentVote')) as { currentVote: { id: string; voters: object } };
    equals(currentVote.voters, { [ann.userId]: { vote: 'yes' }, [bob.userId]: { vote: 'pending' } });
    const { id } = currentVote;
    await cid.fails('invalid_request', 'lobby/voteSubmit', { id, vote: 'yes' });
    await bob.ok('lobby/voteSubmit', { id, vote: 'yes' });
    for (const peer of peers) {
      const [updated] = await peer.hearsTogether('lobby/updated', 'lobby/voteEnded');
      const { mapName, currentVote: over } = updated as { mapName: string; currentVote: null };
      equals([mapName, over], ['Quicksilver', null]);
    }
    await bob.fails('invalid_request', 'lobby/voteSubmit', { id, vote: 'yes' });
  }),

  story('a boss makes bosses and throws out; who is banned cannot come back', async (stage) => {
    const { id, peers } = await lobbyOf(stage, ['ann', 'bob', 'cid'], { areBossesEnabled: true });
    const [ann, bob, cid] = peers as [Peer, Peer, Peer];
    await bob.fails('invalid_request', 'lobby/kickban', { userId: cid.userId });
    await bob.fails('not_a_boss', 'lobby/unboss', {});
    await ann.ok('lobby/appointBoss', { userId: bob.userId });
    await allHear(peers, { bosses: { [bob.userId]: {} } });
    await bob.ok('lobby/kickban', { userId: cid.userId });
    await cid.hearsExactly('lobby/left', { id, reason: 'kicked' });
    await allHear([ann, bob], { spectators: { [cid.userId]: null } });
    await cid.ok('lobby/join', { id });
    await allHear([ann, bob], { spectators: { [cid.userId]: { id: cid.userId } } });
    const banUntil = 4_000_000_000_000_000;
    await bob.ok('lobby/kickban', { userId: cid.userId, banUntil });
    await cid.hearsExactly('lobby/left', { id, reason: 'banned', bannedUntil: banUntil });
    await allHear([ann, bob], { spectators: { [cid.userId]: null } });
    await cid.fails('banned', 'lobby/join', { id });
    await bob.ok('lobby/unboss', { userId: ann.userId });
    await allHear([ann, bob], { bosses: { [ann.userId]: null } });
  }),

  story(
    'where nobody is boss players vote on who is thrown out; it fails, passes, or is over with whom it was about',
    async (stage) => {
      const { id, peers } = await lobbyOf(stage, ['ann', 'bob', 'cid'], { allyTeamConfig: allyTeams(2, 2) });
      const [ann, bob, cid] = peers as [Peer, Peer, Peer];
      const eve = await stage.player('eve');
      for (const peer of [bob, cid]) {
        await peer.ok('lobby/joinQueue');
        await allHearOf(peers, 'players');
      }
      const called = async (banUntil?: number): Promise<string> => {
        await ann.ok('lobby/kickban', { userId: bob.userId, ...(banUntil === undefined ? {} : { banUntil }) });
        const { currentVote } = (await allHearOf(peers, 'currentVote')) as { currentVote: { id: string } };
        return currentVote.id;
      };
      const first = await called();
      await ann.fails('invalid_request', 'lobby/update', { mapName: 'Quicksilver' });
      await bob.ok('lobby/voteSubmit', { id: first, vote: 'no' });
      // Two of three make a quorum: one yes and one no are not enough for it.
      await voteIs(peers, { id: first, outcome: 'failed' });
      const second = await called(4_000_000_000_000_000);
      await cid.ok('lobby/voteSubmit', { id: second, vote: 'yes' });
      await bob.hearsExactly('lobby/left', { id, reason: 'banned', bannedUntil: 4_000_000_000_000_000 });
      await voteIs([ann, cid], { id: second, outcome: 'passed' });
      await bob.fails('banned', 'lobby/join', { id });

      await ann.ok('lobby/kickban', { userId: cid.userId });
      const { currentVote } = (await allHearOf([ann, cid], 'currentVote')) as { currentVote: { id: string } };
      await cid.ok('lobby/leave');
      await voteIs([ann], { id: currentVote.id, outcome: 'cancelled' });
      if ([...eve.told].some((commandId) => commandId.startsWith('lobby/'))) throw new Error('eve was told');
    },
  ),

  story('who gave up being boss is followed by whom the players choose', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob'], { areBossesEnabled: true });
    const [ann, bob] = peers as [Peer, Peer];
    await bob.ok('lobby/joinQueue');
    await allHearOf(peers, 'players');
    await ann.ok('lobby/unboss', {});
    await allHear(peers, { bosses: { [ann.userId]: null } });
    await ann.ok('lobby/appointBoss', { userId: bob.userId });
    const { currentVote } = (await allHearOf(peers, 'currentVote')) as { currentVote: { id: string } };
    await bob.ok('lobby/voteSubmit', { id: currentVote.id, vote: 'yes' });
    const { bosses } = await voteIs(peers, { id: currentVote.id, outcome: 'passed' });
    equals(bosses, { [bob.userId]: {} });
    await ann.fails('invalid_request', 'lobby/update', { name: 'Not mine' });
    await bob.ok('lobby/update', { name: 'Mine' });
    await allHear(peers, { name: 'Mine' });
  }),

  story('where bosses are not enabled nobody becomes one', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann']);
    await peers[0]!.fails('bosses_not_allowed', 'lobby/appointBoss', { userId: peers[0]!.userId });
  }),
];
