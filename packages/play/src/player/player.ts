import { type Metrics, playerId, type Storage } from '@muster/ports';
import { type ActorKind, defineActor } from '@muster/runtime';
import { isUserId } from '@muster/tachyon';
import { accountView } from './account.js';
import { PLAYER_KIND, type PlayerCommands, type PlayerEvents, PUBLIC_TOPIC, SELF_TOPIC } from './contract.js';
import { type PlayerOptions, playerOptions } from './options.js';
import type { AnySlice } from './slice.js';
import { playerSlices } from './slices.js';
import type { PlayerState } from './state.js';
import { checkedParts, initialParts, rulesOf, selfSnapshot, wholeOf } from './whole.js';

/** What an actor reads when it comes to life, and nothing more. */
export interface PlayerStorage {
  readonly players: Storage['players'];
}

/** Parts of the state that begin as storage has them. */
type PlayerSeed = Pick<PlayerState, 'account' | 'ties' | 'clan'>;

export interface PlayerDependencies {
  /** Where players are read. Rejecting refuses the waiting commands (retryable). */
  readonly storage: PlayerStorage;
  readonly metrics: Metrics;
  readonly options?: Partial<PlayerOptions>;
}

export type PlayerKind = ActorKind<PlayerState, PlayerCommands, PlayerEvents>;

/** `player/<userId>`: the one session per player in the cluster, and whatever the player owns. Put together from its slices. */
export function playerKind({ storage, metrics, options: changes }: PlayerDependencies): PlayerKind {
  const options = playerOptions(changes);
  const slices: AnySlice[] = [];
  const whole = wholeOf(slices);
  slices.push(...playerSlices({ options, metrics, whole }));
  checkedParts(slices);
  return defineActor<PlayerState, PlayerCommands, PlayerEvents>(PLAYER_KIND, {
    durability: 'replicated',
    version: slices.reduce((sum, { version }) => sum + version, 0),
    passivateAfterMs: options.passivateAfterMs,
    load: (id) => readPlayer(id, storage),
    initial: (_, seed) => ({ ...initialParts(slices), account: null, ...(seed as PlayerSeed | undefined) }),
    // A part that came after this state was saved begins as it does in a new player.
    upgrade: (saved) => ({ ...initialParts(slices), ...(saved as Partial<PlayerState>) }),
    // Without a session nothing is worth keeping: the next sign-in reads the account again.
    blank: (state) => slices.every(({ blank }) => blank?.(state) ?? true),
    ...rulesOf(slices),
    topics: {
      [SELF_TOPIC]: (state, self) => selfSnapshot(slices, whole, state, self),
      [PUBLIC_TOPIC]: (state, self) => ({ users: [whole.publicUser(state, self)].flatMap((user) => user ?? []) }),
    },
    adopted: 'adopted',
    subscriberCame: { [SELF_TOPIC]: 'connected' },
    subscriberLost: { [SELF_TOPIC]: 'connectionLost' },
    // Operators see that there are messages, not what they say.
    describe: (state) => ({ ...state, inbox: { kept: state.inbox.messages.length, count: state.inbox.count } }),
  });
}

async function readPlayer(id: string, { players }: PlayerStorage): Promise<PlayerSeed | undefined> {
  if (!isUserId(id)) return undefined;
  const found = await players.read(playerId(id));
  return found && { ...found, account: accountView(found.account) };
}
