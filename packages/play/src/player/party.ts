// The player's part in parties. It owns its membership (places.ts) and keeps what its party and those that invite it have told it last, for
// its client: nobody follows a party. What is older than the last word of that party is passed over.
import { uuid } from '@muster/ports';
import { type DecideContext, type EventRecord, event } from '@muster/runtime';
import type { PartyState } from '@muster/tachyon';
import { placeOfMember } from '../membership/protocol.js';
import { PARTY_KIND, type PartyAdmitted, type PartyNews, type PartyPlayerCommands } from '../party/contract.js';
import type { Moved, PlayerEvents } from './contract.js';
import { disownedBy, joinPlace, leavePlace, type PlaceGone } from './places.js';
import { toSelf } from './publishing.js';
import { type Decided, joined, type Pieces, type PlayerSlice, type SliceTools } from './slice.js';
import { type PlayerState, refuseStranger, stillThere } from './state.js';

export interface PartyPart {
  /** The party that the player is in, or is being admitted to, as it was told last. */
  party: ToldParty | null;
  /** Oldest first. */
  invitations: PartyInvitation[];
}

interface ToldParty {
  readonly version: number;
  readonly state: PartyState;
}

interface PartyInvitation extends ToldParty {
  /** Wall clock. The party says when it is over; this is for those whose party is gone. */
  readonly until: number;
}

export interface PartyMembershipCommands extends PartyPlayerCommands {
  createParty: { data: unknown; reply: Moved };
  acceptPartyInvite: { data: { readonly partyId: string }; reply: Moved };
  declinePartyInvite: { data: { readonly partyId: string }; reply: null };
  leaveParty: { data: unknown; reply: Moved };
}

export interface PartyMembershipEvents {
  /** `tells`: the client hears of it by an event of its own. */
  partyTold: ToldParty & { readonly tells: boolean };
  partyInvitation: PartyInvitation & { readonly isNew: boolean };
  invitationOver: { readonly partyId: string; readonly tells: boolean };
  partyGone: { readonly partyId: string; readonly tells: boolean };
}

type Slice = PlayerSlice<PartyMembershipCommands, PartyMembershipEvents, PartyPart>;

export function partySlice(tools: SliceTools): Slice {
  return {
    name: 'party',
    version: 1,
    initial: () => ({ party: null, invitations: [] }),
    decide: {
      createParty: (state, _, ctx) => create(state, ctx, tools),
      acceptPartyInvite: (state, { partyId }, ctx) => accept(state, partyId, ctx, tools),
      declinePartyInvite: decline,
      leaveParty: (state, _, ctx) => leavePlace(state, PARTY_KIND, ctx, tools),
      partyInvited: (state, news, ctx) => invited(state, news, ctx, tools),
      partyUpdated: (state, news, ctx) => updated(state, news, ctx, tools),
      partyRemoved: (state, _, ctx) => {
        const partyId = speaker(ctx);
        const known = partyId !== undefined && invitationTo(state, partyId);
        return known ? { events: [event('invitationOver', { partyId, tells: true })] } : {};
      },
    },
    evolve: EVOLVE,
    publish: {
      partyTold: (_, { state, tells }) => (tells ? [toSelf('party/updated', state)] : []),
      partyInvitation: (_, { state, isNew }) => [
        isNew ? toSelf('party/invited', { party: state }) : toSelf('party/updated', state),
      ],
      invitationOver: (_, { partyId, tells }) => (tells ? [toSelf('party/removed', { partyId })] : []),
      partyGone: (_, { partyId, tells }) => (tells ? [toSelf('party/removed', { partyId })] : []),
    },
    follow: {
      ended: (state) => {
        state.invitations = [];
      },
    },
    selfView: ({ party, invitations, places }) => ({
      party: party && party.state.id === placeOfMember(places.party) ? party.state : null,
      invitedToParties: invitations.map(({ state }) => state),
    }),
    placeRules: { [PARTY_KIND]: { reply: ({ party }: PartyAdmitted) => ({ party }), admitted, refused, gone } },
    // Who is not there any more cannot be invited.
    onEnded: ({ invitations }) => ({ sends: invitations.map(({ state: { id } }) => declineTo(id)) }),
    blank: ({ invitations }) => invitations.length === 0,
  } as Slice;
}

const EVOLVE: Slice['evolve'] = {
  partyTold: (state, { version, state: told }) => {
    state.party = { version, state: told };
  },
  partyInvitation: (state, { version, state: told, until }) => {
    const invitation = { version, state: told, until };
    const at = state.invitations.findIndex((known) => known.state.id === told.id);
    if (at < 0) state.invitations.push(invitation);
    else state.invitations[at] = invitation;
  },
  invitationOver: (state, { partyId }) => {
    state.invitations = state.invitations.filter(({ state: { id } }) => id !== partyId);
  },
  partyGone: (state, { partyId }) => {
    if (state.party?.state.id === partyId) state.party = null;
  },
};

function create(state: PlayerState, ctx: DecideContext, tools: SliceTools): Decided<Moved> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const { phase } = state.places.party;
  if (phase === 'in' || phase === 'joining')
    return { refuse: { reason: 'invalid_request', details: 'you are in a party' } };
  return joinPlace(state, PARTY_KIND, { id: uuid(ctx.random), data: { create: true } }, ctx, tools) as Decided<Moved>;
}

/** Out of the party where the player is, into that one, once it has been let in. */
function accept(state: PlayerState, partyId: string, ctx: DecideContext, tools: SliceTools): Decided<Moved> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  if (!invitationTo(state, partyId)) return NOT_INVITED;
  return joinPlace(state, PARTY_KIND, { id: partyId, data: { accept: true } }, ctx, tools) as Decided<Moved>;
}

/** Nobody's client is told: the others hear it from the party. */
function decline(state: PlayerState, { partyId }: { readonly partyId: string }, ctx: DecideContext): Decided<null> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  if (!invitationTo(state, partyId)) return NOT_INVITED;
  const declined = {
    events: [event('invitationOver', { partyId, tells: false })],
    sends: [declineTo(partyId)],
  };
  return joined(stillThere(state), declined);
}

function declineTo(id: string): NonNullable<Pieces['sends']>[number] {
  return { to: { kind: PARTY_KIND, id }, command: 'decline', data: null };
}

const NOT_INVITED = { refuse: { reason: 'invalid_request', details: 'that party does not invite you' } } as const;

function invited(
  state: PlayerState,
  { by, ...news }: PartyPlayerCommands['partyInvited']['data'],
  ctx: DecideContext,
  tools: SliceTools,
): Decided<null> {
  if (speaker(ctx) !== news.party.id || news.you === 'member') return NO_PARTY;
  // Whoever is ignored is not to know it: as if nobody were there.
  if (!state.session || state.ties.ignored.some((ignored) => ignored === by))
    return { refuse: { reason: 'invalid_request', details: 'that player is not online' } };
  if (isOfBefore(state, news)) return {};
  const [still, over] = current(state, ctx);
  if (still >= tools.options.invitationsMax)
    return { refuse: { reason: 'invalid_request', details: 'that player has too many invitations' } };
  const disowned = disownedBy(state, PARTY_KIND, news.party.id, ctx, tools);
  return joined(disowned, { events: [...over, invitation(news, news.you.invitedUntil, true)] });
}

/** Invitations that stand, and the end of those whose party must be gone: it would have said that they are over. */
function current({ invitations }: PlayerState, { now }: DecideContext): readonly [number, EventRecord<PlayerEvents>[]] {
  const over = invitations.filter(({ until }) => until + EXPIRED_AFTER_MS < now);
  const events = over.map(({ state: { id } }) => event('invitationOver', { partyId: id, tells: true }));
  return [invitations.length - over.length, events];
}

/** A party that is being taken over says it so much later. */
const EXPIRED_AFTER_MS = 30_000;

function updated(state: PlayerState, news: PartyNews, ctx: DecideContext, tools: SliceTools): Decided<null> {
  const { party, version, you } = news;
  if (speaker(ctx) !== party.id) return NO_PARTY;
  if (you !== 'member') {
    const known = invitationTo(state, party.id);
    if (!state.session || isOfBefore(state, news) || (known && known.version >= version)) return {};
    const disowned = disownedBy(state, PARTY_KIND, party.id, ctx, tools);
    return joined(disowned, { events: [invitation(news, you.invitedUntil, !known)] });
  }
  const at = state.places.party;
  const ids = at.phase === 'joining' ? [at.id, at.from?.id] : at.phase === 'in' ? [at.id] : [];
  const isThere = ids.includes(party.id);
  // An invitation is used up by coming in, however its answer fared; a client that is told of no place there hears of that.
  const used = invitationTo(state, party.id) && !isComing(state, party.id);
  const events = used ? [event('invitationOver', { partyId: party.id, tells: !isThere })] : [];
  if (!isThere || (state.party?.state.id === party.id && state.party.version >= version)) return { events };
  return { events: [...events, event('partyTold', { version, state: party, tells: true })] };
}

/** The answer on its way says what became of the invitation. */
function isComing({ places: { party } }: PlayerState, id: string): boolean {
  return party.phase === 'joining' && party.id === id;
}

/** Sent before the player came in, and overtaken by the answer to that. */
function isOfBefore({ party: told }: PlayerState, { party, version }: PartyNews): boolean {
  return told?.state.id === party.id && told.version >= version;
}

function invitation({ party, version }: PartyNews, until: number, isNew: boolean): EventRecord<PlayerEvents> {
  return event('partyInvitation', { version, state: party, until, isNew });
}

/** The party's answer; its word to everybody may have come before. */
function admitted(state: PlayerState, place: { readonly id: string; readonly value: unknown }): Pieces {
  const { party, version } = place.value as PartyAdmitted;
  const used = invitationTo(state, place.id) ? [event('invitationOver', { partyId: place.id, tells: false })] : [];
  const isOld = state.party?.state.id === place.id && state.party.version >= version;
  // Counts as older than the party's word to everybody, which comes to whoever accepted by itself, after this or before.
  return {
    events: [...used, ...(isOld ? [] : [event('partyTold', { version: version - 1, state: party, tells: false })])],
  };
}

/** The party knows of no invitation, or there is no such party, or it was used in vain: neither is there one here. */
function refused(state: PlayerState, { id }: { readonly id: string }): Pieces {
  return invitationTo(state, id) ? { events: [event('invitationOver', { partyId: id, tells: true })] } : {};
}

function gone(_: PlayerState, { id, how }: PlaceGone): Pieces {
  return { events: [event('partyGone', { partyId: id, tells: how === 'dismissed' || how === 'lost' })] };
}

function invitationTo({ invitations }: PlayerState, partyId: string): PartyInvitation | undefined {
  return invitations.find(({ state: { id } }) => id === partyId);
}

const NO_PARTY = { refuse: { reason: 'unauthorized', details: 'only a party says so' } } as const;

/** Id of the party that speaks. */
function speaker({ origin }: DecideContext): string | undefined {
  return origin.type === 'entity' && origin.from.kind === PARTY_KIND ? origin.from.id : undefined;
}
