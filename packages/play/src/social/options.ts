import { MusterError } from '@muster/ports';

/** What players may have of each other, of clans and of moderators. */
export interface SocialOptions {
  /** Friends of one player. Lower: less to load and to send at each sign-in. Higher: people with many friends need not choose. */
  readonly friendsMax: number;
  /** Unanswered friend requests that one player has sent. Lower: fewer can be pestered at a time. Higher: newcomers can ask a whole clan. */
  readonly outgoingRequestsMax: number;
  /** Unanswered friend requests to one player. Lower: a popular player becomes unreachable sooner. Higher: longer lists at sign-in. */
  readonly incomingRequestsMax: number;
  /** Players that one player ignores. Lower: less to load at each sign-in. Higher: more room for the easily annoyed. */
  readonly ignoredMax: number;
  /** Members of a clan. Lower: what changes a clan costs less, as every member's actor hears of it. Higher: bigger clans. */
  readonly clanMembersMax: number;
  /** Players a clan has invited who have not answered. Lower: clans must choose. Higher: more who can be pestered at a time. */
  readonly clanInvitesMax: number;
  /** Clans that one player is invited to. Lower: a popular player becomes unreachable sooner. Higher: longer lists at sign-in. */
  readonly invitesToClansMax: number;
  /** Clans that `clan/viewList` shows: Tachyon has no pages. Lower: small clans far back in the alphabet are not seen. Higher: larger frames (120 bytes each). */
  readonly clanListMax: number;
  /** How long a node keeps that list. Lower: it is fresher. Higher: less is read for clients that look at it. */
  readonly clanListKeepMs: number;
  /** Reports that one player may file within {@link reportsWindowMs}. Lower: less storage for whoever wants to fill it. Higher: a bad evening can be told whole. */
  readonly reportsMax: number;
  /** See {@link reportsMax}. */
  readonly reportsWindowMs: number;
}

export const SOCIAL_DEFAULTS: SocialOptions = {
  friendsMax: 250,
  outgoingRequestsMax: 50,
  incomingRequestsMax: 100,
  ignoredMax: 250,
  clanMembersMax: 100,
  clanInvitesMax: 50,
  invitesToClansMax: 20,
  clanListMax: 1_000,
  clanListKeepMs: 10_000,
  reportsMax: 20,
  reportsWindowMs: 3_600_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function socialOptions(changes: Partial<SocialOptions> = {}): SocialOptions {
  const options = { ...SOCIAL_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `social.${name} is ${value}: a positive integer is needed` });
  }
  return options;
}
