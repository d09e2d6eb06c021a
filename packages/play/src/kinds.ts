import type { Accounts, Metrics } from '@muster/ports';
import type { AnyActorKind } from '@muster/runtime';
import type { PlayerOptions } from './player/options.js';
import { playerKind } from './player/player.js';

export interface PlayDependencies {
  readonly accounts: Pick<Accounts, 'byId'>;
  readonly metrics: Metrics;
  readonly player?: Partial<PlayerOptions>;
}

/** Every kind of actor that players know: what each node runs. */
export function playKinds({ accounts, metrics, player }: PlayDependencies): readonly AnyActorKind[] {
  return [playerKind({ accounts, metrics, ...(player && { options: player }) })];
}
