import { type Static, Type } from '@sinclair/typebox';
import { Id, Name, OneOf, Prose, PublishedName } from './bounds.js';
import { type ActorTarget, defineCommand } from './definition.js';
import { UnixTime, UserId } from './shapes.js';

const ClanText = {
  name: PublishedName({ maxLength: 30 }),
  tag: PublishedName({ minLength: 3, maxLength: 10 }),
  language: Name(35),
};
const Description = Type.Optional(Prose({ maxLength: 500 }));

/** What a clan's leaders choose. */
export const ClanUpdateable = Type.Object({ ...ClanText, description: Description });
export type ClanUpdateable = Static<typeof ClanUpdateable>;

/** What is shown beside its members' names. */
export const ClanBaseData = Type.Object({ clanId: Id(), ...ClanText }, { title: 'ClanBaseData' });
export type ClanBaseData = Static<typeof ClanBaseData>;

export const ClanRole = OneOf('member', 'coLeader', 'leader');
export type ClanRole = Static<typeof ClanRole>;

export const Clan = Type.Object(
  {
    clanId: Id(),
    ...ClanText,
    description: Description,
    members: Type.Array(Type.Object({ userId: UserId, role: ClanRole, joinedAt: UnixTime })),
  },
  { title: 'Clan' },
);
export type Clan = Static<typeof Clan>;

const WhichClan = Type.Object({ clanId: Id() });
const WhichUser = Type.Object({ userId: UserId });

const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
/** Asked past the player: everybody may know. */
const known = (command: string): ActorTarget => ({ kind: 'clans', id: 'caller', command });

const clanId = '12345';
const text = { name: 'The Foxes', tag: 'FOX', language: 'en' };

export const clanCreate = defineCommand(
  {
    commandId: 'clan/create',
    direction: 'user→server',
    kind: 'request',
    what: 'Founds a clan with you as its leader. Fails where you are in one, or the name or tag is taken.',
    data: ClanUpdateable,
    target: self('createClan'),
  },
  { data: { ...text, description: 'We meet on Sundays.' } },
);

export const clanDelete = defineCommand(
  {
    commandId: 'clan/delete',
    direction: 'user→server',
    kind: 'request',
    what: 'Ends your clan. Its leader may.',
    target: self('deleteClan'),
  },
  {},
);

export const clanUpdate = defineCommand(
  {
    commandId: 'clan/update',
    direction: 'user→server',
    kind: 'request',
    what: 'Changes name, tag, language and description of your clan. Its leaders may.',
    data: ClanUpdateable,
    target: self('updateClan'),
  },
  { data: text },
);

export const clanInvite = defineCommand(
  {
    commandId: 'clan/invite',
    direction: 'user→server',
    kind: 'request',
    what: 'Invites a player to your clan. Its leaders may.',
    data: WhichUser,
    target: self('inviteToClan'),
  },
  { data: { userId: '43' } },
);

export const clanCancel = defineCommand(
  {
    commandId: 'clan/cancel',
    direction: 'user→server',
    kind: 'request',
    what: 'Takes an invitation to your clan back. Its leaders may; where there is none it succeeds.',
    data: WhichUser,
    target: self('cancelClanInvite'),
  },
  { data: { userId: '43' } },
);

export const clanAccept = defineCommand(
  {
    commandId: 'clan/accept',
    direction: 'user→server',
    kind: 'request',
    what: 'Joins a clan that invited you.',
    data: WhichClan,
    target: self('acceptClanInvite'),
  },
  { data: { clanId } },
);

export const clanDecline = defineCommand(
  {
    commandId: 'clan/decline',
    direction: 'user→server',
    kind: 'request',
    what: 'Says no to a clan that invited you.',
    data: WhichClan,
    target: self('declineClanInvite'),
  },
  { data: { clanId } },
);

export const clanLeave = defineCommand(
  {
    commandId: 'clan/leave',
    direction: 'user→server',
    kind: 'request',
    what: 'Leaves your clan. A leader names another first, unless nobody else is in it.',
    target: self('leaveClan'),
  },
  {},
);

export const clanKick = defineCommand(
  {
    commandId: 'clan/kick',
    direction: 'user→server',
    kind: 'request',
    what: 'Removes a member from your clan. Its leader may, and a co-leader those who are neither.',
    data: WhichUser,
    target: self('kickFromClan'),
  },
  { data: { userId: '43' } },
);

export const clanSetRole = defineCommand(
  {
    commandId: 'clan/setRole',
    direction: 'user→server',
    kind: 'request',
    what: 'Gives a member a role. The leader may; who makes another the leader is a co-leader from then on.',
    data: Type.Object({ userId: UserId, clanId: Id(), targetRole: ClanRole }),
    target: self('setClanRole'),
  },
  { data: { userId: '43', clanId, targetRole: 'coLeader' } },
);

export const clanView = defineCommand(
  {
    commandId: 'clan/view',
    direction: 'user→server',
    kind: 'request',
    what: 'All about one clan.',
    data: WhichClan,
    reply: Clan,
    target: known('view'),
  },
  {
    data: { clanId },
    reply: { clanId, ...text, members: [{ userId: '42', role: 'leader', joinedAt: 1_705_432_698_000_000 }] },
  },
);

export const clanViewList = defineCommand(
  {
    commandId: 'clan/viewList',
    direction: 'user→server',
    kind: 'request',
    what: 'All clans, or the first thousand by name. What changed in the last ten seconds may be missing.',
    reply: Type.Object({ clanList: Type.Array(ClanBaseData) }),
    target: known('viewList'),
  },
  { reply: { clanList: [{ clanId, ...text }] } },
);

export const clanInvited = defineCommand(
  {
    commandId: 'clan/invited',
    direction: 'server→user',
    kind: 'event',
    what: 'A clan invites you. The published schema leaves its id out; without it nobody could accept.',
    data: Type.Object({ clanId: Id(), ...ClanText }, { oursAlone: ['properties/clanId'] }),
    source: 'player',
  },
  { data: { clanId, ...text } },
);

export const clanUpdated = defineCommand(
  {
    commandId: 'clan/updated',
    direction: 'server→user',
    kind: 'event',
    what: 'Your clan changed. Whoever changed it hears it too.',
    data: ClanUpdateable,
    source: 'player',
  },
  { data: text },
);

export const clanRoleChanged = defineCommand(
  {
    commandId: 'clan/roleChanged',
    direction: 'server→user',
    kind: 'event',
    what: 'Your role in the clan changed.',
    data: Type.Object({ userId: UserId, clanId: Id(), newRole: ClanRole }),
    source: 'player',
  },
  { data: { userId: '42', clanId, newRole: 'coLeader' } },
);

export const clanKicked = defineCommand(
  {
    commandId: 'clan/kicked',
    direction: 'server→user',
    kind: 'event',
    what: 'You were removed from the clan.',
    data: WhichClan,
    source: 'player',
  },
  { data: { clanId } },
);

export const clanDeleted = defineCommand(
  {
    commandId: 'clan/deleted',
    direction: 'server→user',
    kind: 'event',
    what: 'Your clan is no more.',
    data: WhichClan,
    source: 'player',
  },
  { data: { clanId } },
);

export const CLAN_COMMANDS = [
  clanCreate,
  clanDelete,
  clanUpdate,
  clanInvite,
  clanCancel,
  clanAccept,
  clanDecline,
  clanLeave,
  clanKick,
  clanSetRole,
  clanView,
  clanViewList,
  clanInvited,
  clanUpdated,
  clanRoleChanged,
  clanKicked,
  clanDeleted,
] as const;
