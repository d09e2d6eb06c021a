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
}

export const SOCIAL_DEFAULTS: SocialOptions = {
  friendsMax: 250,
  outgoingRequestsMax: 50,
  incomingRequestsMax: 100,
  ignoredMax: 250,
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
