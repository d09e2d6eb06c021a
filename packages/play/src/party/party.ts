import { entity } from '@muster/ports';
import {
  type ActorKind,
  type Answer,
  type DecideContext,
  type Decision,
  defineActor,
  event,
  type Send,
  type TimerChange,
} from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import { admission, ends, standing, verdict } from '../membership/holder.js';
import type { Confirmation, Op } from '../membership/protocol.js';
import { type AdmitData, PLAYER_KIND, REASON_NOT_A_MEMBER_OF_PLACE } from '../player/contract.js';
import { PARTY_KIND, type PartyAdmitted, type PartyCommands, type PartyWish } from './contract.js';
import { type Change, chatNews, newsFor, newsOf } from './news.js';
import { type PartyOptions, partyOptions } from './options.js';
import {
  accept,
  cancelInvite,
  invalid,
  invitationOf,
  invite,
  isMember,
  kick,
  newParty,
  nextExpiry,
  type Party,
  published,
  type Ruling,
  stands,
  uninvited,
  withOp,
  without,
  withoutExpired,
} from './rules.js';

/** null: there is no such party, not yet or no longer. */
export interface PartyHolder {
  party: Party | null;
}

export interface PartyEvents {
  changed: { readonly party: Party | null };
}

export type PartyKind = ActorKind<PartyHolder, PartyCommands, PartyEvents>;
type Decided<R = null> = Decision<PartyHolder, PartyEvents, R>;

const INVITES_TIMER = 'invites';
const AUDIT_TIMER = 'audit';

/** `party/<id>`: it begins with the player that makes it and ends with its last member. */
export function partyKind(changes: Partial<PartyOptions> = {}): PartyKind {
  const options = partyOptions(changes);
  return defineActor<PartyHolder, PartyCommands, PartyEvents>(PARTY_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    initial: () => ({ party: null }),
    blank: ({ party }) => party === null,
    decide: {
      admit: (state, data, ctx) => admit(state, data, ctx, options),
      leave: (state, { op }, ctx) => leave(state, op, ctx),
      confirm: (state, { op }, ctx) => confirm(state, op, ctx),
      invite: (state, { userId }, ctx) =>
        byMember(state, ctx, (party, by) => invited(party, { userId, by }, ctx, options)),
      cancelInvite: (state, { userId }, ctx) =>
        byMember(state, ctx, (party) => ruled(party, cancelInvite(party, userId, ctx.now), ctx)),
      kickMember: (state, { userId }, ctx) => byMember(state, ctx, (party) => kicked(party, userId, ctx)),
      decline,
      inviteAnswered,
      playerConfirmed,
      invitesDue: ({ party }, _, ctx) => (party ? expired(party, ctx) : {}),
      auditDue: (state, _, ctx) => audit(state, ctx, options),
      adopted: (state, { mayLack }, ctx) => {
        if (!mayLack || !state.party) return {};
        const asked = audit(state, ctx, options);
        return { ...asked, sends: [...(asked.sends ?? []), chatNews(ctx.self.id, state.party)] };
      },
    },
    evolve: {
      changed: (state, { party }) => {
        state.party = party;
      },
    },
    adopted: 'adopted',
  });
}

/** Answered at once whatever happens: a player's messages come one at a time. */
function admit(
  { party }: PartyHolder,
  { op, data }: AdmitData,
  ctx: DecideContext,
  options: PartyOptions,
): Decided<PartyAdmitted> {
  const userId = speaker(ctx);
  if (userId === undefined) return { refuse: { reason: 'unauthorized', details: 'players come by their own actors' } };
  const isNew = 'create' in ((data ?? {}) as PartyWish);
  if (!party) {
    if (!isNew) return invalid('there is no such party');
    const made = newParty(userId, op, options.size, ctx.now);
    const audits = { name: AUDIT_TIMER, at: ctx.now + options.auditMs, command: 'auditDue', data: null };
    return admitted(turned({ before: null, after: made, silentTo: userId }, ctx, { timers: [audits] }), ctx);
  }
  const known = opOf(party, userId);
  const how = admission(known, op);
  if (how === 'outdated') return invalid('you have come again since');
  if (how === 'again') {
    const after = known === op ? party : withOp(party, userId, op);
    return admitted(turned({ before: party, after }, ctx), ctx);
  }
  if (isNew) return invalid('there is such a party already');
  const waiting = invitationOf(party, userId)?.ticket ?? null;
  const ruling = accept(party, userId, op, ctx.now);
  if ('refuse' in ruling) return ruling;
  // Who came in was there to be invited: its inviter need not wait for the word of it.
  const resolve = waiting === null ? [] : [{ ticket: waiting, reply: null }];
  return admitted({ ...turned({ before: party, after: ruling.party }, ctx), resolve }, ctx);
}

function admitted(decided: Decided<never>, { self }: DecideContext): Decided<PartyAdmitted> {
  const reply = ({ party }: PartyHolder) => ({ party: published(self.id, party!), version: party!.version });
  return { ...decided, reply };
}

function leave({ party }: PartyHolder, op: Op, ctx: DecideContext): Decided {
  const userId = speaker(ctx);
  if (!party || userId === undefined || !ends(opOf(party, userId), op)) return {};
  return turned({ before: party, after: without(party, userId, ctx.now) }, ctx);
}

function confirm({ party }: PartyHolder, op: Op, ctx: DecideContext): Decided<{ readonly member: boolean }> {
  const userId = speaker(ctx);
  const { member, renew } = standing(party && userId !== undefined ? opOf(party, userId) : undefined, op);
  if (!party || userId === undefined || !renew) return { reply: { member } };
  return { ...turned({ before: party, after: withOp(party, userId, op) }, ctx), reply: { member } };
}

/** A member's client; its gateway may not know yet that it is none any more. */
function byMember(
  { party }: PartyHolder,
  { origin }: DecideContext,
  rule: (party: Party, caller: string) => Decided,
): Decided {
  if (origin.type !== 'client') return { refuse: { reason: 'invalid_request', details: 'a client is expected' } };
  if (!party || !isMember(party, origin.caller)) return { refuse: { reason: REASON_NOT_A_MEMBER_OF_PLACE } };
  return rule(party, origin.caller);
}

/** The client waits until the invited player's actor has said that somebody is there. */
function invited(
  party: Party,
  { userId, by }: { readonly userId: string; readonly by: string },
  ctx: DecideContext,
  options: PartyOptions,
): Decided {
  if (!isUserId(userId)) return invalid('no such user');
  const ruling = invite(party, userId, ctx.ticket, ctx.now, options.inviteMs);
  if ('refuse' in ruling) return ruling;
  const { invitedAt } = invitationOf(ruling.party, userId)!;
  const asked: Send = {
    to: entity(PLAYER_KIND, userId),
    command: 'partyInvited',
    data: { ...newsFor(ctx.self.id, ruling.party, userId), by },
    answer: 'inviteAnswered',
    context: { invitedAt },
  };
  return { ...turned({ before: party, after: ruling.party }, ctx, { sends: [asked] }), defer: true };
}

function inviteAnswered({ party }: PartyHolder, answer: Answer, ctx: DecideContext): Decided {
  const userId = answer.from.id;
  const invitation = party && invitationOf(party, userId);
  const { invitedAt } = answer.context as { readonly invitedAt: number };
  if (!party || invitation?.invitedAt !== invitedAt || invitation.ticket === null) {
    // It was taken back, or expired, or there is another one; who came in by it knows.
    const isKnown = party && (invitation || isMember(party, userId));
    const removed: Send = { to: entity(PLAYER_KIND, userId), command: 'partyRemoved', data: null };
    return answer.ok && !isKnown ? { sends: [removed] } : {};
  }
  const { ticket } = invitation;
  if (answer.ok) {
    const after = stands(party, userId, ctx.now);
    return { ...turned({ before: party, after }, ctx), resolve: [{ ticket, reply: null }] };
  }
  const { details } = answer.details as { readonly details?: string };
  const refuse = { reason: 'invalid_request', details: details ?? 'that player cannot be invited now' };
  const after = { ...uninvited(party, userId, ctx.now), version: party.version };
  return { ...turned({ before: party, after, silentTo: userId }, ctx), resolve: [{ ticket, refuse }] };
}

/** Who is thrown out hears it from the membership protocol, and nothing else. */
function kicked(party: Party, userId: string, ctx: DecideContext): Decided {
  const ruling = kick(party, userId, ctx.now);
  if ('refuse' in ruling) return ruling;
  const dismissed: Send = {
    to: entity(PLAYER_KIND, userId),
    command: 'dismissed',
    data: { op: opOf(party, userId)!, reason: 'kicked' },
  };
  return turned({ before: party, after: ruling.party }, ctx, { sends: [dismissed] });
}

function decline({ party }: PartyHolder, _: unknown, ctx: DecideContext): Decided {
  const userId = speaker(ctx);
  const invitation = party && userId !== undefined ? invitationOf(party, userId) : undefined;
  if (!party || userId === undefined || !invitation) return {};
  // What was on its way there has made an invitation of it again: this ends that, and says nothing otherwise.
  const over: Send = { to: entity(PLAYER_KIND, userId), command: 'partyRemoved', data: null };
  const after = uninvited(party, userId, ctx.now);
  const declined = turned({ before: party, after, silentTo: userId }, ctx, { sends: [over] });
  // It was there to be invited, and had its answer ready before its actor's word had come.
  return invitation.ticket === null ? declined : { ...declined, resolve: [{ ticket: invitation.ticket, reply: null }] };
}

function expired(party: Party, ctx: DecideContext): Decided {
  return turned({ before: party, after: withoutExpired(party, ctx.now) }, ctx);
}

function audit({ party }: PartyHolder, ctx: DecideContext, options: PartyOptions): Decided {
  if (!party) return {};
  const sends = party.members.map(
    ({ userId, op }): Send => ({
      to: entity(PLAYER_KIND, userId),
      command: 'confirm',
      data: { op },
      answer: 'playerConfirmed',
      context: { op },
    }),
  );
  return { sends, timers: [{ name: AUDIT_TIMER, at: ctx.now + options.auditMs, command: 'auditDue', data: null }] };
}

function playerConfirmed({ party }: PartyHolder, answer: Answer, ctx: DecideContext): Decided {
  // Who cannot say so now is asked again.
  if (!party || !answer.ok) return {};
  const userId = answer.from.id;
  const { op } = answer.context as { readonly op: Op };
  const said = verdict(opOf(party, userId), op, answer.value as Confirmation);
  if (said === 'stays') return {};
  const after = said === 'gone' ? without(party, userId, ctx.now) : withOp(party, userId, said.renew);
  return turned({ before: party, after }, ctx);
}

function ruled(before: Party, ruling: Ruling, ctx: DecideContext): Decided {
  return 'refuse' in ruling ? ruling : turned({ before, after: ruling.party }, ctx);
}

/** A turn that made this of the party: who hears of it, and when it must look again. The last one out ends it. */
function turned(
  { before, after: made, silentTo }: Change,
  { self }: DecideContext,
  more: { readonly sends?: readonly Send[]; readonly timers?: readonly TimerChange[] } = {},
): Decided<never> {
  if (made === before) return {};
  const after = made && made.members.length > 0 ? made : null;
  const expiry = after && nextExpiry(after);
  const gone = (before?.invited ?? []).filter(
    ({ ticket, userId }) => ticket !== null && !(after && (invitationOf(after, userId) || isMember(after, userId))),
  );
  return {
    events: [event('changed', { party: after })],
    sends: [
      ...newsOf(self.id, { before, after, ...(silentTo === undefined ? {} : { silentTo }) }),
      ...(more.sends ?? []),
    ],
    timers: [
      expiry === null
        ? { name: INVITES_TIMER, at: null }
        : { name: INVITES_TIMER, at: expiry, command: 'invitesDue', data: null },
      ...(after ? (more.timers ?? []) : [{ name: AUDIT_TIMER, at: null }]),
    ],
    // Whoever waits for an invitation that is no more.
    resolve: gone.map(({ ticket }) => ({
      ticket: ticket!,
      refuse: { reason: 'invalid_request', details: 'that player did not answer' },
    })),
  };
}

function opOf({ members }: Party, userId: string): Op | undefined {
  return members.find((member) => member.userId === userId)?.op;
}

/** User id of the player whose actor speaks. */
function speaker({ origin }: DecideContext): string | undefined {
  return origin.type === 'entity' && origin.from.kind === PLAYER_KIND ? origin.from.id : undefined;
}
