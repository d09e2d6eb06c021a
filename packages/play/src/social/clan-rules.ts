// What players may do about clans, and what becomes of it: pure, ruled on where the facts are, in storage. Whoever founded a clan leads it; there is
// one leader at any time, who may make others co-leaders or hand the lead over. A clan lives as long as it has members.
import {
  type ClanChange,
  type ClanFacts,
  type ClanMember,
  type ClanRecord,
  type ClanText,
  type PlayerId,
  playerId,
  type Ruling,
} from '@muster/ports';
import type { Refusal } from '@muster/runtime';
import type { SocialOptions } from './options.js';

export type ClanAction =
  | { readonly type: 'create'; readonly clanId: string; readonly text: ClanText }
  | { readonly type: 'delete' }
  | { readonly type: 'update'; readonly text: ClanText }
  | { readonly type: 'invite' | 'cancel' | 'kick'; readonly userId: string }
  | { readonly type: 'accept' | 'decline'; readonly clanId: string }
  | { readonly type: 'leave' }
  | { readonly type: 'setRole'; readonly userId: string; readonly clanId: string; readonly role: ClanMember['role'] };

/** A client event and its data. */
export type ClanWord =
  | { readonly name: 'clan/invited'; readonly data: Pick<ClanRecord, 'clanId' | 'name' | 'tag' | 'language'> }
  | { readonly name: 'clan/updated'; readonly data: ClanText }
  | { readonly name: 'clan/kicked' | 'clan/deleted'; readonly data: { readonly clanId: string } }
  | {
      readonly name: 'clan/roleChanged';
      readonly data: { readonly userId: PlayerId; readonly clanId: string; readonly newRole: ClanMember['role'] };
    };

/** For whom something changed, and what their clients are told of it. */
export interface ClanNews {
  readonly to: readonly PlayerId[];
  readonly word?: ClanWord;
}

export interface ClanOutcome {
  readonly refuse?: Refusal;
  readonly news: readonly ClanNews[];
}

type ClanRuling = Ruling<ClanChange, ClanOutcome>;

export function ruleOnClans(action: ClanAction, me: PlayerId, facts: ClanFacts, options: SocialOptions): ClanRuling {
  switch (action.type) {
    case 'create':
      return create(action, me, facts);
    case 'accept':
      return accept(action.clanId, me, facts, options);
    case 'decline':
      if (!facts.clan?.invited.includes(me)) return refused('that clan has not invited you');
      return done([{ type: 'uninvite', clanId: action.clanId, userId: me }], { to: [me] });
  }
  const { clan } = facts;
  const own = clan?.members.find(({ userId }) => userId === me);
  if (!clan || !own) return refused('you are in no clan');
  switch (action.type) {
    case 'leave':
      return leave(clan, own);
    case 'delete':
      return own.role === 'leader' ? disband(clan) : unauthorized('the leader alone may do that');
    case 'setRole':
      return setRole(action, clan, own);
  }
  if (own.role === 'member') return unauthorized('the leaders alone may do that');
  switch (action.type) {
    case 'update':
      return update(action.text, clan, facts);
    case 'invite':
      return invite(playerId(action.userId), clan, facts, options);
    case 'cancel': {
      const userId = playerId(action.userId);
      if (!clan.invited.includes(userId)) return done([]);
      return done([{ type: 'uninvite', clanId: clan.clanId, userId }], { to: [userId] });
    }
    case 'kick':
      return kick(playerId(action.userId), clan, own);
  }
}

function create(
  { clanId, text }: Extract<ClanAction, { readonly type: 'create' }>,
  me: PlayerId,
  facts: ClanFacts,
): ClanRuling {
  if (facts.myClanId !== undefined) return refused('you are in a clan');
  return taken(facts) ?? done([{ type: 'found', clanId, text, leader: me }], { to: [me] });
}

function update(text: ClanText, clan: ClanRecord, facts: ClanFacts): ClanRuling {
  const { clanId, members } = clan;
  const news = { to: members.map(({ userId }) => userId), word: { name: 'clan/updated' as const, data: text } };
  return taken(facts) ?? done([{ type: 'rename', clanId, text }], news);
}

function taken({ nameTaken, tagTaken }: ClanFacts): ClanRuling | undefined {
  if (nameTaken) return refused('another clan has that name');
  return tagTaken ? refused('another clan has that tag') : undefined;
}

const NO_USER = 'there is no such user';

function invite(
  userId: PlayerId,
  { clanId, name, tag, language, members, invited }: ClanRecord,
  { other }: ClanFacts,
  options: SocialOptions,
): ClanRuling {
  if (!other) return refused(NO_USER);
  if (members.some((member) => member.userId === userId)) return refused('that user is in your clan');
  if (invited.includes(userId)) return done([]);
  // Who is ignored is not told so: the other might as well not exist.
  if (other.ignoresMe) return refused(NO_USER);
  if (invited.length >= options.clanInvitesMax) return refused('your clan has invited too many who have not answered');
  if (other.invites >= options.invitesToClansMax) return refused('that user has too many invitations');
  const word = { name: 'clan/invited' as const, data: { clanId, name, tag, language } };
  return done([{ type: 'invite', clanId, userId }], { to: [userId], word });
}

function accept(clanId: string, me: PlayerId, { clan, myClanId }: ClanFacts, options: SocialOptions): ClanRuling {
  if (!clan?.invited.includes(me)) return refused('that clan has not invited you');
  if (myClanId !== undefined) return refused('you are in a clan');
  if (clan.members.length >= options.clanMembersMax) return refused('that clan is full');
  return done([{ type: 'join', clanId, userId: me }], { to: [me] });
}

function leave(clan: ClanRecord, { userId, role }: ClanMember): ClanRuling {
  if (clan.members.length === 1)
    return done([{ type: 'disband', clanId: clan.clanId }], { to: [userId, ...clan.invited] });
  if (role === 'leader') return refused('name another leader first');
  return done([{ type: 'leave', clanId: clan.clanId, userId }], { to: [userId] });
}

function disband({ clanId, members, invited }: ClanRecord): ClanRuling {
  const word = { name: 'clan/deleted' as const, data: { clanId } };
  const gone = { to: members.map(({ userId }) => userId), word };
  return done([{ type: 'disband', clanId }], gone, ...(invited.length > 0 ? [{ to: invited }] : []));
}

/** A leader may remove everybody else, a co-leader members. */
function kick(userId: PlayerId, { clanId, members }: ClanRecord, own: ClanMember): ClanRuling {
  const member = members.find((one) => one.userId === userId);
  if (!member) return refused('that user is not in your clan');
  if (userId === own.userId) return refused('you can leave');
  if (own.role !== 'leader' && member.role !== 'member') return unauthorized('the leader alone may do that');
  return done([{ type: 'leave', clanId, userId }], { to: [userId], word: { name: 'clan/kicked', data: { clanId } } });
}

function setRole(
  action: Extract<ClanAction, { readonly type: 'setRole' }>,
  { clanId, members }: ClanRecord,
  own: ClanMember,
): ClanRuling {
  const userId = playerId(action.userId);
  const member = members.find((one) => one.userId === userId);
  if (action.clanId !== clanId) return unauthorized('that is not your clan');
  if (own.role !== 'leader') return unauthorized('the leader alone may do that');
  if (!member) return refused('that user is not in your clan');
  if (member.role === action.role) return done([]);
  if (userId === own.userId) return refused('name another leader first');
  const given = (to: PlayerId, role: ClanMember['role']): readonly [ClanChange, ClanNews] => [
    { type: 'rank', clanId, userId: to, role },
    { to: [to], word: { name: 'clan/roleChanged', data: { userId: to, clanId, newRole: role } } },
  ];
  const changes = [given(userId, action.role), ...(action.role === 'leader' ? [given(own.userId, 'coLeader')] : [])];
  return done(
    changes.map(([change]) => change),
    ...changes.map(([, news]) => news),
  );
}

function done(changes: readonly ClanChange[], ...news: readonly ClanNews[]): ClanRuling {
  return { changes, result: { news } };
}

function refused(details: string, reason = 'invalid_request'): ClanRuling {
  return { changes: [], result: { refuse: { reason, details }, news: [] } };
}

function unauthorized(details: string): ClanRuling {
  return refused(details, 'unauthorized');
}
