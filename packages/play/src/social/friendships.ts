import { type Friendships, playerId, type Ties } from '@muster/ports';
import { defineService, type ServiceKind } from '@muster/runtime';
import { type FriendAction, type FriendWord, ruleOnFriends } from './friend-rules.js';
import { askedBy } from './operation.js';
import type { SocialOptions } from './options.js';

/** `friendships/<userId of who asks>`: so what one player asks is done in order. */
export const FRIENDSHIPS_KIND = 'friendships';

export interface FriendshipsCommands {
  /** Refused with a reason of the Tachyon command. */
  change: {
    data: { readonly action: FriendAction; readonly other: string };
    reply: {
      readonly mine: Ties;
      readonly toMe?: FriendWord;
      /** What the other player's actor is to be sent; absent: nothing changed for it. */
      readonly news?: { readonly ties: Ties; readonly word?: FriendWord };
    };
  };
  read: { data: unknown; reply: Ties };
}

export interface FriendshipsDependencies {
  readonly friendships: Friendships;
  readonly options: SocialOptions;
}

/**
 * Friends in storage. What is answered was stored, and what was stored is not done again. Lists are read after that: they may be newer than
 * the change, never older, and their version says so.
 */
export function friendshipsService({
  friendships,
  options,
}: FriendshipsDependencies): ServiceKind<FriendshipsCommands> {
  return defineService<FriendshipsCommands>(FRIENDSHIPS_KIND, {
    commands: {
      change: async ({ action, other }, context) => {
        const { me, operation } = askedBy(context);
        const them = playerId(other);
        const outcome = await friendships.change(operation, me, them, (facts) =>
          ruleOnFriends(action, facts, context.now, options),
        );
        if (outcome.refuse) return { refuse: outcome.refuse };
        const { toMe, toThem, changed } = outcome;
        const mine = await friendships.of(me);
        const news = changed && { ties: await friendships.of(them), ...(toThem && { word: toThem }) };
        return { reply: { mine, ...(toMe && { toMe }), ...(news && { news }) } };
      },
      read: async (_, context) => ({ reply: await friendships.of(askedBy(context).me) }),
    },
  });
}
