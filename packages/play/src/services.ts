import type { Storage } from '@muster/ports';
import type { AnyServiceKind } from '@muster/runtime';
import { battleRecordsService } from './match/records.js';
import { friendshipsService } from './social/friendships.js';
import { type SocialOptions, socialOptions } from './social/options.js';

/** Facts that outlive the cluster, as players' actors know them. */
export type PlayStorage = Pick<Storage, 'accounts' | 'friendships' | 'clans' | 'moderation' | 'battles'>;

export interface PlayServiceDependencies {
  readonly storage: PlayStorage;
  readonly social?: Partial<SocialOptions>;
}

/** Every service that play's actors ask: what each node runs. */
export function playServices({ storage, social }: PlayServiceDependencies): readonly AnyServiceKind[] {
  const options = socialOptions(social);
  return [friendshipsService({ friendships: storage.friendships, options }), battleRecordsService(storage.battles)];
}
