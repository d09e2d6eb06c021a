// The rules of a party, pure. Nobody leads: every member may invite, take back and throw out.

import type { Refusal } from '@muster/runtime';
import type { PartyState } from '@muster/tachyon';
import { unixTime } from '@muster/tachyon';
import type { Op } from '../membership/protocol.js';

/** Plain JSON, never changed in place. */
export interface Party {
  /** Grows with each change, and with the clock: a party that lost its last second gives none twice. */
  readonly version: number;
  readonly maxMembers: number;
  /** In the order in which they came. */
  readonly members: readonly PartyMember[];
  /** In the order in which they were invited. */
  readonly invited: readonly Invitation[];
}

export interface PartyMember {
  readonly userId: string;
  readonly op: Op;
  /** Wall clock. */
  readonly joinedAt: number;
}

export interface Invitation {
  readonly userId: string;
  readonly invitedAt: number;
  readonly expiresAt: number;
  /** The client that invites waits to hear whether that player is there. Until then it only holds a place; null: it stands. */
  readonly ticket: string | null;
}

export type Ruling = { readonly party: Party } | { readonly refuse: Refusal };

export function invalid(details: string): { readonly refuse: Refusal } {
  return { refuse: { reason: 'invalid_request', details } };
}

export function newParty(userId: string, op: Op, maxMembers: number, now: number): Party {
  return { version: Math.floor(now), maxMembers, members: [{ userId, op, joinedAt: now }], invited: [] };
}

export function isMember({ members }: Party, userId: string): boolean {
  return members.some((member) => member.userId === userId);
}

export function invitationOf({ invited }: Party, userId: string): Invitation | undefined {
  return invited.find((invitation) => invitation.userId === userId);
}

export function invite(party: Party, userId: string, ticket: string, now: number, inviteMs: number): Ruling {
  if (isMember(party, userId)) return invalid('that player is in the party');
  if (invitationOf(party, userId)) return invalid('that player is invited');
  if (party.members.length + party.invited.length >= party.maxMembers) return invalid('the party is full');
  const invitation = { userId, invitedAt: now, expiresAt: now + inviteMs, ticket };
  return { party: { ...party, invited: [...party.invited, invitation] } };
}

/** The invited player was there to hear of it. */
export function stands(party: Party, userId: string, now: number): Party {
  const invited = party.invited.map((invitation) =>
    invitation.userId === userId ? { ...invitation, ticket: null } : invitation,
  );
  return changed({ ...party, invited }, now);
}

/** Comes in by its invitation. */
export function accept(party: Party, userId: string, op: Op, now: number): Ruling {
  const invitation = invitationOf(party, userId);
  if (!invitation || invitation.expiresAt <= now) return invalid('you are not invited');
  const { invited } = withoutInvitation(party, userId);
  return { party: changed({ ...party, invited, members: [...party.members, { userId, op, joinedAt: now }] }, now) };
}

/** Takes an invitation back that stands. */
export function cancelInvite(party: Party, userId: string, now: number): Ruling {
  const invitation = invitationOf(party, userId);
  if (!invitation || invitation.ticket !== null)
    return { refuse: { reason: 'invalid_invite', details: 'that player is not invited' } };
  return { party: uninvited(party, userId, now) };
}

export function uninvited(party: Party, userId: string, now: number): Party {
  return changed(withoutInvitation(party, userId), now);
}

/** Whom somebody wants to throw out must be a member. */
export function kick(party: Party, userId: string, now: number): Ruling {
  return isMember(party, userId) ? { party: without(party, userId, now) } : invalid('that player is not in the party');
}

export function without(party: Party, userId: string, now: number): Party {
  return changed({ ...party, members: party.members.filter((member) => member.userId !== userId) }, now);
}

export function withOp(party: Party, userId: string, op: Op): Party {
  const members = party.members.map((member) => (member.userId === userId ? { ...member, op } : member));
  return { ...party, members };
}

/** Without the invitations whose time has come. */
export function withoutExpired(party: Party, now: number): Party {
  const invited = party.invited.filter(({ expiresAt }) => expiresAt > now);
  return invited.length === party.invited.length ? party : changed({ ...party, invited }, now);
}

/** When the first invitation expires; null: there is none. */
export function nextExpiry({ invited }: Party): number | null {
  return invited.length === 0 ? null : Math.min(...invited.map(({ expiresAt }) => expiresAt));
}

/** What clients get to see. `withInvited`: somebody who is told of its invitation while that does not stand yet. */
export function published(id: string, { members, maxMembers, invited }: Party, withInvited?: string): PartyState {
  return {
    id,
    maxMembers,
    members: members.map(({ userId, joinedAt }) => ({ userId, joinedAt: unixTime(joinedAt) })),
    invited: invited
      .filter(({ ticket, userId }) => ticket === null || userId === withInvited)
      .map(({ userId, invitedAt }) => ({ userId, invitedAt: unixTime(invitedAt) })),
  };
}

function withoutInvitation(party: Party, userId: string): Party {
  return { ...party, invited: party.invited.filter((invitation) => invitation.userId !== userId) };
}

function changed(party: Party, now: number): Party {
  return { ...party, version: Math.max(party.version + 1, Math.floor(now)) };
}
