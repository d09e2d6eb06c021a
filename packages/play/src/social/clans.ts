import {
  type ClanBase,
  type ClanQuestion,
  type Clans,
  type ClanTies,
  type Clock,
  type Millis,
  type PlayerId,
  playerId,
} from '@muster/ports';
import { defineService, type ServiceKind } from '@muster/runtime';
import { type Clan, type ClanBaseData, unixTime } from '@muster/tachyon';
import { type ClanAction, type ClanOutcome, type ClanWord, ruleOnClans } from './clan-rules.js';
import { askedBy } from './operation.js';
import type { SocialOptions } from './options.js';

/** `clans/<userId of who asks>`: so what one player asks is done in order. */
export const CLANS_KIND = 'clans';

/** Players whose clan or invitations changed, as they are now, and what their clients are told. */
export interface ClanUpdate {
  readonly word?: ClanWord;
  readonly each: readonly { readonly userId: PlayerId; readonly ties: ClanTies }[];
}

export interface ClansCommands {
  change: { data: ClanAction; reply: readonly ClanUpdate[] };
  read: { data: unknown; reply: ClanTies };
  /** From clients: whoever asks may know. */
  view: { data: { readonly clanId: string }; reply: Clan };
  viewList: { data: unknown; reply: { readonly clanList: readonly ClanBaseData[] } };
}

export interface ClansDependencies {
  readonly clans: Clans;
  readonly clock: Clock;
  readonly options: SocialOptions;
}

/** Clans in storage, as friendships are: what is answered was stored, and what was stored is not done again. */
export function clansService({ clans, clock, options }: ClansDependencies): ServiceKind<ClansCommands> {
  const list = new ListedClans(clans, clock, options);
  return defineService<ClansCommands>(CLANS_KIND, {
    commands: {
      change: async (action, context) => {
        const { me, operation } = askedBy(context);
        const at = context.now;
        const outcome: ClanOutcome = await clans.change(operation, questionOf(action, me), at, (facts) =>
          ruleOnClans(action, me, facts, options),
        );
        if (outcome.refuse) return { refuse: outcome.refuse };
        const ties = await clans.of(outcome.news.flatMap(({ to }) => to));
        let next = 0;
        const updates = outcome.news.map(({ to, word }) => ({
          ...(word && { word }),
          each: to.map((userId) => ({ userId, ties: ties[next++]! })),
        }));
        return { reply: updates };
      },
      read: async (_, context) => ({ reply: (await clans.of([askedBy(context).me]))[0]! }),
      view: async ({ clanId }) => {
        const clan = await clans.byId(clanId);
        if (!clan) return { refuse: { reason: 'invalid_request', details: 'there is no such clan' } };
        const { invited: _, createdAt: __, members, ...shown } = clan;
        return {
          reply: { ...shown, members: members.map((one) => ({ ...one, joinedAt: unixTime(one.joinedAt) })) },
        };
      },
      viewList: async () => ({ reply: { clanList: await list.read() } }),
    },
  });
}

function questionOf(action: ClanAction, me: PlayerId): ClanQuestion {
  switch (action.type) {
    case 'create':
    case 'update':
      return { me, text: action.text };
    case 'accept':
    case 'decline':
      return { me, clanId: action.clanId };
    case 'invite':
    case 'cancel':
    case 'kick':
    case 'setRole':
      return { me, other: playerId(action.userId) };
    default:
      return { me };
  }
}

/** The list is the same for everybody and asked for by many: each process reads it now and then. */
class ListedClans {
  private readonly clans: Clans;
  private readonly clock: Clock;
  private readonly options: SocialOptions;
  private reading: Promise<readonly ClanBase[]> | undefined;
  private readAt: Millis = 0;

  constructor(clans: Clans, clock: Clock, options: SocialOptions) {
    this.clans = clans;
    this.clock = clock;
    this.options = options;
  }

  read(): Promise<readonly ClanBase[]> {
    const now = this.clock.monotonic();
    if (!this.reading || now - this.readAt >= this.options.clanListKeepMs) {
      this.readAt = now;
      const reading = this.clans.list(this.options.clanListMax);
      this.reading = reading;
      // Whoever asks next tries again.
      reading.catch(() => {
        if (this.reading === reading) this.reading = undefined;
      });
    }
    return this.reading;
  }
}
