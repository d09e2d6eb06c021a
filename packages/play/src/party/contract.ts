// What others may know of `party/<id>`: a few players who want to play together. Reference: tachyon §3.2.
//
//   player/1 ── admit{create | accept}, leave, confirm ──►  party/9  ── partyInvited ──► player/3 (answered: is it online?)
//   client ── invite, cancelInvite, kickMember ──────────►     │
//                                                              ├─ partyUpdated, partyRemoved, dismissed, confirm ──► members and invited players
//                                                              └─ chatMembers ──► chat/party:9
//
// Nobody follows a party: every change is sent to its members and to whom it invites, whole and with a version, and their own actors tell
// their clients. So an invited player hears of it as long as the invitation stands, and no stream has to begin or to end.
import type { Answer } from '@muster/runtime';
import type { PartyState } from '@muster/tachyon';
import type { PlaceCommands } from '../player/contract.js';

export const PARTY_KIND = 'party';

/** Data for the party's rules in `admit`. */
export type PartyWish = { readonly create: true } | { readonly accept: true };

/** What a player who came in is told. */
export interface PartyAdmitted {
  readonly party: PartyState;
  readonly version: number;
}

/** What a party tells players. `party`: with this version; an older one is of before. */
export interface PartyNews extends PartyAdmitted {
  /** Whether the one who is told is a member, or till when it is invited (wall clock). */
  readonly you: 'member' | { readonly invitedUntil: number };
}

/** What a party understands, beside what every place does. */
export interface PartyCommands extends PlaceCommands {
  admit: { data: PlaceCommands['admit']['data']; reply: PartyAdmitted };
  // From members' clients.
  invite: { data: { readonly userId: string }; reply: null };
  cancelInvite: { data: { readonly userId: string }; reply: null };
  kickMember: { data: { readonly userId: string }; reply: null };
  /** From an invited player's actor. */
  decline: { data: unknown; reply: null };
  inviteAnswered: { data: Answer; reply: null };
  playerConfirmed: { data: Answer; reply: null };
  invitesDue: { data: unknown; reply: null };
  auditDue: { data: unknown; reply: null };
  adopted: { data: { readonly mayLack: boolean }; reply: null };
}

/** What a player's actor understands from parties. */
export interface PartyPlayerCommands {
  /** `by`: the member who invites. Refused: nobody is there to be invited, or only not for that member. */
  partyInvited: { data: PartyNews & { readonly by: string }; reply: null };
  partyUpdated: { data: PartyNews; reply: null };
  /** Not invited any more. */
  partyRemoved: { data: unknown; reply: null };
}
