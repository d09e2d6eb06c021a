import { type Static, Type } from '@sinclair/typebox';
import { Id } from './bounds.js';
import { type ActorTarget, defineCommand } from './definition.js';
import { UnixTime, UserId } from './shapes.js';

export const PartyState = Type.Object(
  {
    id: Id(),
    members: Type.Array(Type.Object({ userId: UserId, joinedAt: UnixTime })),
    maxMembers: Type.Integer({ minimum: 1 }),
    invited: Type.Array(Type.Object({ userId: UserId, invitedAt: UnixTime })),
  },
  { title: 'PartyState' },
);
export type PartyState = Static<typeof PartyState>;

const WhichParty = Type.Object({ partyId: Id() });
const WhichUser = Type.Object({ userId: UserId });

// K12: the player owns its membership, so whatever changes it goes to the player's actor; the rest goes to the party.
const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
const party = (command: string, outside?: string): ActorTarget => ({
  kind: 'party',
  id: 'place',
  command,
  ...(outside === undefined ? {} : { outside }),
});

const partyId = '1882f6b2e3a4d14f24acb7aa';
const partyExample: PartyState = {
  id: partyId,
  members: [{ userId: '42', joinedAt: 1_705_432_698_000_000 }],
  maxMembers: 3,
  invited: [{ userId: '43', invitedAt: 1_705_432_701_000_000 }],
};

export const partyCreate = defineCommand(
  {
    commandId: 'party/create',
    direction: 'user→server',
    kind: 'request',
    what: 'Makes a party with you alone in it. Fails where you are in one; takes you out of matchmaking.',
    reply: Type.Object({ party: PartyState }),
    target: self('createParty'),
    moves: 'party',
  },
  { reply: { party: { ...partyExample, invited: [] } } },
);

export const partyInvite = defineCommand(
  {
    commandId: 'party/invite',
    direction: 'user→server',
    kind: 'request',
    what: 'Invites a player who is online. Every member may; not while the party is queued.',
    data: WhichUser,
    target: party('invite'),
  },
  { data: { userId: '43' } },
);

export const partyAcceptInvite = defineCommand(
  {
    commandId: 'party/acceptInvite',
    direction: 'user→server',
    kind: 'request',
    what: 'Joins a party that invited you, after leaving the one you are in.',
    data: WhichParty,
    target: self('acceptPartyInvite'),
    moves: 'party',
  },
  { data: { partyId } },
);

export const partyDeclineInvite = defineCommand(
  {
    commandId: 'party/declineInvite',
    direction: 'user→server',
    kind: 'request',
    what: 'Says no to an invitation. The others get `party/updated`, you get no event.',
    data: WhichParty,
    target: self('declinePartyInvite'),
  },
  { data: { partyId } },
);

export const partyCancelInvite = defineCommand(
  {
    commandId: 'party/cancelInvite',
    direction: 'user→server',
    kind: 'request',
    what: 'Takes an invitation back, whoever made it.',
    data: WhichUser,
    reasons: ['not_in_party', 'invalid_invite'],
    target: party('cancelInvite', 'not_in_party'),
  },
  { data: { userId: '43' } },
);

export const partyKickMember = defineCommand(
  {
    commandId: 'party/kickMember',
    direction: 'user→server',
    kind: 'request',
    what: 'Removes a member. Every member may.',
    data: WhichUser,
    target: party('kickMember'),
  },
  { data: { userId: '43' } },
);

export const partyLeave = defineCommand(
  {
    commandId: 'party/leave',
    direction: 'user→server',
    kind: 'request',
    what: 'Leaves the party; without one it succeeds and does nothing.',
    target: self('leaveParty'),
    moves: 'party',
  },
  {},
);

export const partyInvited = defineCommand(
  {
    commandId: 'party/invited',
    direction: 'server→user',
    kind: 'event',
    what: 'A party invites you.',
    data: Type.Object({ party: PartyState }),
    source: 'player',
  },
  { data: { party: partyExample } },
);

export const partyUpdated = defineCommand(
  {
    commandId: 'party/updated',
    direction: 'server→user',
    kind: 'event',
    what: 'Your party, or one that invites you, changed: its whole state.',
    data: PartyState,
    source: 'player',
  },
  { data: partyExample },
);

export const partyRemoved = defineCommand(
  {
    commandId: 'party/removed',
    direction: 'server→user',
    kind: 'event',
    what: 'You are no longer in the party, or no longer invited: kicked, taken back, expired, or the party is gone.',
    data: WhichParty,
    source: 'player',
  },
  { data: { partyId } },
);

export const PARTY_COMMANDS = [
  partyCreate,
  partyInvite,
  partyAcceptInvite,
  partyDeclineInvite,
  partyCancelInvite,
  partyKickMember,
  partyLeave,
  partyInvited,
  partyUpdated,
  partyRemoved,
] as const;
