// Why a command that is allowed may fail all the same: somebody else did something first, or the same client did, as it does not wait for one
// answer before it asks the next. Word by word: any other reason is a defect.

const ON_THE_WAY = ['you asked for something else meanwhile', 'you were sent away'];
const IN_LOBBY = ['already_in_lobby: leave it first', 'you are on your way into a lobby', ...ON_THE_WAY];
const IN_PARTY = ['you are on your way into a party', ...ON_THE_WAY];
const NO_LOBBY = 'you are in no lobby';
const NO_PARTY = 'you are in no party';
const NOT_ALONE = [NO_LOBBY, 'only a boss may', 'only a player may'];

/** By command: reasons, and of `invalid_request` the details. */
const REFUSALS: Readonly<
  Record<string, { readonly reasons?: readonly string[]; readonly details?: readonly string[] }>
> = {
  'friend/sendRequest': { reasons: ['already_in_friendlist'] },
  'friend/acceptRequest': { reasons: ['no_pending_request'] },
  'friend/rejectRequest': { reasons: ['no_pending_request'] },
  'friend/remove': { reasons: ['not_in_friendlist'] },
  'messaging/send': { details: ['you are not a member of a lobby', 'you are not a member of a party'] },
  'lobby/create': { details: IN_LOBBY },
  'lobby/join': { details: ['there is no such lobby', ...IN_LOBBY] },
  'lobby/leave': { details: [NO_LOBBY] },
  'lobby/update': {
    details: [NO_LOBBY, 'only a boss may', 'only a player may change the map', 'another vote is running'],
  },
  'lobby/joinAllyTeam': { reasons: ['not_in_lobby', 'ally_team_full'] },
  'lobby/spectate': { reasons: ['not_in_lobby'] },
  'lobby/joinQueue': { reasons: ['not_in_lobby'] },
  'lobby/updateClientStatus': { reasons: ['not_in_lobby', 'not_a_player'] },
  'lobby/appointBoss': {
    reasons: ['bosses_not_allowed'],
    details: [...NOT_ALONE, 'another vote is running', 'this user is not in the lobby'],
  },
  'lobby/kickban': { details: [...NOT_ALONE, 'another vote is running', 'this user is not in the lobby'] },
  'lobby/voteSubmit': {
    details: [NO_LOBBY, 'this vote is not running', 'only who was a player when the vote began may vote'],
  },
  'party/create': { details: ['you are in a party', ...IN_PARTY] },
  'party/invite': {
    details: [
      NO_PARTY,
      'that player is in the party',
      'that player is invited',
      'the party is full',
      'that player did not answer',
      'that player is not online',
    ],
  },
  'party/cancelInvite': { reasons: ['not_in_party', 'invalid_invite'] },
  'party/kickMember': { details: [NO_PARTY, 'that player is not in the party'] },
  'party/acceptInvite': {
    details: ['you are not invited', 'that party does not invite you', 'there is no such party', ...IN_PARTY],
  },
  'party/declineInvite': { details: ['that party does not invite you'] },
};

/** Whether the command may fail so. */
export function mayBeRefused(commandId: string, reason: string, details: string | undefined): boolean {
  const { reasons = [], details: known = [] } = REFUSALS[commandId] ?? {};
  return reason === 'invalid_request' ? known.includes(details ?? '') : reasons.includes(reason);
}
