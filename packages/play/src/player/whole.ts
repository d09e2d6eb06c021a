import { type EntityRef, MusterError } from '@muster/ports';
import type { Places, PrivateUser, User } from '@muster/tachyon';
import { accountUser } from './account.js';
import type { SelfSnapshot } from './contract.js';
import type { PlayerKind } from './player.js';
import { type AnySlice, joined, type Whole } from './slice.js';
import type { PlayerState } from './state.js';

type Rules = Pick<PlayerKind, 'decide' | 'evolve'> & { readonly publish: NonNullable<PlayerKind['publish']> };

/** `slices` may be filled later, but before the first call: slices are made with the whole that they are part of. */
export function wholeOf(slices: readonly AnySlice[]): Whole {
  let publicViews: readonly NonNullable<AnySlice['publicView']>[] | undefined;
  const publicUser = (state: PlayerState, self: EntityRef): User | undefined => {
    const user = accountUser(state, self.id);
    if (!user) return undefined;
    const { status } = user;
    publicViews ??= slices.flatMap(({ publicView }) => publicView ?? []);
    // Into the account's own object, which has all fields: asked for more often than anything else.
    for (const view of publicViews) Object.assign(user, view(state, self));
    if (!state.session) Object.assign(user, { status });
    return user;
  };
  return {
    publicUser,
    privateUser: (state, self) => {
      const user = publicUser(state, self);
      if (!user) return undefined;
      const views = slices.map(({ selfView }) => selfView?.(state, self));
      return Object.assign({}, user, NOTHING_ELSE, ...views) as PrivateUser;
    },
    places: (state) => Object.assign({}, ...slices.map(({ places }) => places?.(state))) as Places,
    placeRules: (kind) => slices.find(({ placeRules }) => placeRules?.[kind])?.placeRules?.[kind] ?? {},
    ended: (state, ctx) => joined(...slices.map(({ onEnded }) => onEnded?.(state, ctx) ?? {})),
    attached: (state, ctx) => joined(...slices.map(({ onAttached }) => onAttached?.(state, ctx) ?? {})),
    adopted: (state, adopted, ctx) => joined(...slices.map(({ onAdopted }) => onAdopted?.(state, adopted, ctx) ?? {})),
    holdsSession: (state) => slices.some(({ holdsSession }) => holdsSession?.(state) ?? false),
  };
}

/** What `user/self` says of parts that no slice has yet. */
const NOTHING_ELSE: Pick<PrivateUser, 'matchmaking'> = { matchmaking: { state: 'no_matchmaking' } };

/** The rules of all slices. @throws MusterError BAD_CONFIG where two have a command, an event or a part of one name */
export function rulesOf(slices: readonly AnySlice[]): Rules {
  const rules = {
    decide: merged(slices, 'command', ({ decide }) => decide),
    evolve: merged(slices, 'event', ({ evolve }) => evolve),
    publish: merged(slices, 'event', ({ publish }) => publish ?? {}),
  };
  return { ...rules, evolve: { ...rules.evolve, ...followed(slices, rules.evolve) } } as unknown as Rules;
}

type Evolve = (state: PlayerState, data: unknown, at: number) => void;

function followed(slices: readonly AnySlice[], evolve: Readonly<Record<string, Evolve>>): Record<string, Evolve> {
  const result: Record<string, Evolve> = {};
  for (const name of ['attached', 'adopted', 'ended'] as const) {
    const followers = slices.flatMap(({ follow }) => (follow?.[name] as Evolve | undefined) ?? []);
    result[name] = (state, data, at) => {
      evolve[name]!(state, data, at);
      for (const follower of followers) follower(state, data, at);
    };
  }
  return result;
}

function merged<T>(
  slices: readonly AnySlice[],
  what: string,
  part: (slice: AnySlice) => Readonly<Record<string, T>>,
): Record<string, T> {
  const owners = new Map<string, string>();
  const result: Record<string, T> = {};
  for (const slice of slices)
    for (const [name, value] of Object.entries(part(slice))) {
      const owner = owners.get(name);
      if (owner !== undefined)
        throw new MusterError('BAD_CONFIG', {
          details: `player: ${owner} and ${slice.name} both have ${what} ${name}`,
        });
      owners.set(name, slice.name);
      result[name] = value;
    }
  return result;
}

/** Every slice's part as it begins; that no two have one name was seen to by {@link checkedParts}: this is done for each player who comes. */
export function initialParts(slices: readonly AnySlice[]): Omit<PlayerState, 'account'> {
  const parts = {};
  for (const slice of slices) Object.assign(parts, slice.initial());
  return parts as Omit<PlayerState, 'account'>;
}

/** Every slice's part as it begins. @throws MusterError BAD_CONFIG where two parts have one name */
export function checkedParts(slices: readonly AnySlice[]): Omit<PlayerState, 'account'> {
  return merged(slices, 'part', (slice) => slice.initial() as Readonly<Record<string, unknown>>) as unknown as Omit<
    PlayerState,
    'account'
  >;
}

/** What a gateway reads first. */
export function selfSnapshot(
  slices: readonly AnySlice[],
  whole: Whole,
  state: PlayerState,
  self: EntityRef,
): SelfSnapshot {
  const user = whole.privateUser(state, self) ?? null;
  const parts = slices.map(({ snapshot }) => snapshot?.(state, self));
  const places = whole.places(state);
  return Object.assign({ session: state.session?.id ?? null, user, places }, ...parts) as SelfSnapshot;
}
