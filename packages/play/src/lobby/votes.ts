// One vote at a time. Voters are who plays when it begins; whoever began it has said yes.
//
//   none ── opened ──► running ── enough have voted ──► passed | failed
//     ▲                   │── nobody may wait longer (60 s) ──► timeout
//     └── history ◄───────┴── who it is about has left ──► cancelled
//
// A voter who leaves abstains, so a vote always ends: with the last voter, or with the timer.
import { unixTime, type VoteAction, type VoteOutcome } from '@muster/tachyon';
import { type Details, invalid, type Lobby, type Ruling, type Vote, withDetails, withInside } from './state.js';

/** Past votes that clients are shown: when there are more, the oldest go, several at once so that not every vote takes one away. */
const HISTORY_MAX = 10;
const HISTORY_DROPPED = 4;

export type Ballot = 'yes' | 'no' | 'abstain';

/** Votes that count, and yes-votes that decide, of `n` voters: the smallest whole number above half (as existing servers reckon it). */
export function majorityOf(n: number): number {
  return Math.ceil((n * 501) / 1_000);
}

/** Begins a vote. One about the same thing runs already: that one goes on; about another: refused. */
export function openVote(
  lobby: Lobby,
  initiator: string,
  action: VoteAction,
  { now, voteMs }: { readonly now: number; readonly voteMs: number },
): Ruling {
  const { details, inside } = lobby;
  if (details.currentVote) {
    const isSame = JSON.stringify(details.currentVote.action) === JSON.stringify(action);
    return isSame ? lobby : invalid('another vote is running');
  }
  const voters = Object.keys(details.players);
  const needed = majorityOf(voters.length);
  const vote: Vote = {
    id: `vote-${inside.votes + 1}`,
    action,
    initiator,
    voters: Object.fromEntries(voters.map((id) => [id, { vote: id === initiator ? 'yes' : 'pending' }])),
    until: unixTime(now + voteMs),
    quorum: needed,
    majority: needed,
  };
  return withDetails(withInside(lobby, { votes: inside.votes + 1 }), { currentVote: vote });
}

export function submitVote(lobby: Lobby, userId: string, id: string, ballot: Ballot): Ruling {
  const vote = lobby.details.currentVote;
  if (vote?.id !== id) return invalid('this vote is not running');
  if (!Object.hasOwn(vote.voters, userId)) return invalid('only who was a player when the vote began may vote');
  return withBallot(lobby, userId, ballot);
}

/** Who has left says nothing more: a vote that it owed is an abstention, and one about it is cancelled. */
export function withoutVoter(lobby: Lobby, userId: string, now: number): Lobby {
  const vote = lobby.details.currentVote;
  if (!vote) return lobby;
  if (subjectOf(vote.action) === userId) return closeVote(lobby, 'cancelled', now);
  return vote.voters[userId]?.vote === 'pending' ? withBallot(lobby, userId, 'abstain') : lobby;
}

/** What the votes say so far; undefined: too few were cast. */
export function verdictOf({ voters, quorum = 1, majority = 1 }: Vote): 'passed' | 'failed' | undefined {
  const cast = Object.values(voters).filter(({ vote }) => vote !== 'pending');
  if (cast.length < quorum) return undefined;
  return cast.filter(({ vote }) => vote === 'yes').length >= majority ? 'passed' : 'failed';
}

/** The vote is history. What was decided is done by whoever closes it. */
export function closeVote(lobby: Lobby, outcome: VoteOutcome, now: number): Lobby {
  const { currentVote, ...details } = lobby.details;
  if (!currentVote) return lobby;
  const past = { vote: currentVote.action, outcome, finishedAt: unixTime(now) };
  const history = [...Object.entries(details.voteHistory ?? {}), [currentVote.id, past] as const];
  const kept = history.length > HISTORY_MAX ? history.slice(HISTORY_DROPPED) : history;
  return { ...lobby, details: { ...details, voteHistory: Object.fromEntries(kept) } };
}

/** Votes that are history in `after` and were not in `before`. */
export function votesEnded(
  before: Details,
  after: Details,
): readonly { readonly id: string; readonly outcome: VoteOutcome }[] {
  return Object.entries(after.voteHistory ?? {})
    .filter(([id]) => !Object.hasOwn(before.voteHistory ?? {}, id))
    .map(([id, { outcome }]) => ({ id, outcome }));
}

function withBallot(lobby: Lobby, userId: string, ballot: Ballot): Lobby {
  const vote = lobby.details.currentVote!;
  return withDetails(lobby, {
    currentVote: { ...vote, voters: { ...vote.voters, [userId]: { vote: ballot } } },
  });
}

function subjectOf(action: VoteAction): string | undefined {
  if (action.type === 'kickban') return action.userId;
  return action.type === 'appointBoss' ? action.bossId : undefined;
}
