import type { Clock, Storage } from '@muster/ports';
import type { AnyServiceKind } from '@muster/runtime';
import { battleRecordsService } from './match/records.js';
import { clansService } from './social/clans.js';
import { friendshipsService } from './social/friendships.js';
import { type SocialOptions, socialOptions } from './social/options.js';
import { reportsService } from './social/reports.js';

/** Facts that outlive the cluster, as players' actors know them. */
export type PlayStorage = Pick<Storage, 'players' | 'friendships' | 'clans' | 'moderation' | 'battles'>;

export interface PlayServiceDependencies {
  readonly storage: PlayStorage;
  readonly clock: Clock;
  readonly social?: Partial<SocialOptions>;
}

/** Every service that play's actors ask: what each node runs. */
export function playServices({ storage, clock, social }: PlayServiceDependencies): readonly AnyServiceKind[] {
  const options = socialOptions(social);
  const { friendships, clans, moderation, battles } = storage;
  return [
    friendshipsService({ friendships, options }),
    clansService({ clans, clock, options }),
    reportsService({ moderation, options }),
    battleRecordsService(battles),
  ];
}
