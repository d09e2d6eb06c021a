// The player's clan and its invitations: a copy of what storage has, as with friends. There is no actor of a clan: whoever changes one is answered by
// storage with all whom it concerns, and tells their actors, which show it to their clients and to whoever follows them.
import { type ClanTies, uuid } from '@muster/ports';
import { type Answer, type DecideContext, event } from '@muster/runtime';
import { type ClanRole, type ClanUpdateable, isUserId } from '@muster/tachyon';
import type { ClanAction, ClanWord } from '../social/clan-rules.js';
import { CLANS_KIND, type ClanUpdate } from '../social/clans.js';
import { PLAYER_KIND } from './contract.js';
import { errand, errandEnd } from './errands.js';
import { toPublic, toSelf } from './publishing.js';
import type { Decided, PlayerSlice, SliceTools } from './slice.js';
import type { ClanPart, PlayerState } from './state.js';

export interface ClanCommands {
  createClan: { data: ClanUpdateable; reply: null };
  deleteClan: { data: unknown; reply: null };
  updateClan: { data: ClanUpdateable; reply: null };
  inviteToClan: { data: { readonly userId: string }; reply: null };
  cancelClanInvite: { data: { readonly userId: string }; reply: null };
  acceptClanInvite: { data: { readonly clanId: string }; reply: null };
  declineClanInvite: { data: { readonly clanId: string }; reply: null };
  leaveClan: { data: unknown; reply: null };
  kickFromClan: { data: { readonly userId: string }; reply: null };
  setClanRole: {
    data: { readonly userId: string; readonly clanId: string; readonly targetRole: ClanRole };
    reply: null;
  };
  clanAnswered: { data: Answer; reply: null };
  clanRead: { data: Answer; reply: null };
  /** From another player's actor: it changed something about this one's clan or invitations. */
  clanNews: { data: ClanNewsData; reply: null };
}

interface ClanNewsData {
  readonly ties: ClanTies;
  readonly word?: ClanWord;
}

export interface ClanEvents {
  /** `ties`: where they are news. `shown`: others see another clan than before. */
  clanTied: { readonly ties?: ClanTies; readonly shown: boolean; readonly word?: ClanWord };
}

/** Not read yet: nobody's version is below it. */
export const NO_CLAN: ClanTies = { version: -1, clan: null, invites: [] };

export function clanSlice({ options }: SliceTools): PlayerSlice<ClanCommands, ClanEvents, ClanPart> {
  const ask =
    <D>(actionOf: (data: D, ctx: DecideContext) => ClanAction) =>
    (state: PlayerState, data: D, ctx: DecideContext): Decided<null> => {
      const action = actionOf(data, ctx);
      if ('userId' in action && !isUserId(action.userId))
        return { refuse: { reason: 'invalid_request', details: 'there is no such user' } };
      return errand(
        state,
        { service: CLANS_KIND, command: 'change', data: action, answer: 'clanAnswered' },
        ctx,
        options,
      );
    };
  return {
    name: 'clan',
    version: 1,
    initial: () => ({ clan: NO_CLAN }),
    decide: {
      // The id is drawn here: whatever is repeated has the same.
      createClan: ask((text, { random }) => ({ type: 'create', clanId: uuid(random), text })),
      deleteClan: ask(() => ({ type: 'delete' })),
      updateClan: ask((text) => ({ type: 'update', text })),
      inviteToClan: ask(({ userId }) => ({ type: 'invite', userId })),
      cancelClanInvite: ask(({ userId }) => ({ type: 'cancel', userId })),
      acceptClanInvite: ask(({ clanId }) => ({ type: 'accept', clanId })),
      declineClanInvite: ask(({ clanId }) => ({ type: 'decline', clanId })),
      leaveClan: ask(() => ({ type: 'leave' })),
      kickFromClan: ask(({ userId }) => ({ type: 'kick', userId })),
      setClanRole: ask(({ userId, clanId, targetRole: role }) => ({ type: 'setRole', userId, clanId, role })),
      clanAnswered,
      clanRead: (state, answer) => (answer.ok ? clanTied(state, { ties: answer.value as ClanTies }) : {}),
      clanNews: (state, news, { origin }) =>
        origin.type === 'entity' && origin.from.kind === PLAYER_KIND
          ? clanTied(state, news)
          : { refuse: { reason: 'unauthorized', details: "only players' actors say so" } },
    },
    evolve: {
      clanTied: (state, { ties }) => {
        if (ties) state.clan = ties;
      },
    },
    publish: {
      clanTied: (state, { shown, word }, self) => [
        ...(word ? [toSelf(word.name, word.data)] : []),
        ...(shown ? [toPublic(self, shownOf(state))] : []),
      ],
    },
    // News may be lost with what the actor forgot; and an actor that an older build saved has none yet.
    onAdopted: ({ clan }, { mayLack }, { self }) =>
      mayLack || clan.version < 0
        ? { sends: [{ to: { kind: CLANS_KIND, id: self.id }, command: 'read', data: {}, answer: 'clanRead' }] }
        : {},
    selfView: ({ clan }) => ({ clanInvites: [...clan.invites] }),
    publicView: shownOf,
    blank: () => true,
  };
}

function shownOf({ clan: { clan } }: PlayerState) {
  return { clanId: clan?.clanId ?? null, clanBaseData: clan };
}

function clanAnswered(state: PlayerState, answer: Answer, { self }: DecideContext): Decided<null> {
  const { ticket, events, refuse } = errandEnd(answer);
  if (refuse || !answer.ok) return { events, resolve: [{ ticket, ...(refuse && { refuse }) }] };
  const updates = answer.value as readonly ClanUpdate[];
  const news = updates.flatMap(({ word, each }) =>
    each.map(({ userId, ties }) => ({ userId, news: { ties, ...(word && { word }) } })),
  );
  const mine = news.filter(({ userId }) => userId === self.id);
  const others = news.filter(({ userId }) => userId !== self.id);
  return {
    events: [...events, ...mine.flatMap(({ news }) => clanTied(state, news).events ?? [])],
    resolve: [{ ticket, reply: null }],
    sends: others.map(({ userId: id, news: data }) => ({ to: { kind: PLAYER_KIND, id }, command: 'clanNews', data })),
  };
}

/** Old news is none; but what the client is to be told it is told, in whatever order it comes. */
function clanTied(state: PlayerState, { ties, word }: ClanNewsData): Decided<null> {
  const isNews = ties.version > state.clan.version;
  if (!word && !isNews) return {};
  const shown = isNews && JSON.stringify(ties.clan) !== JSON.stringify(state.clan.clan);
  return { events: [event('clanTied', { ...(isNews && { ties }), shown, ...(word && { word }) })] };
}
