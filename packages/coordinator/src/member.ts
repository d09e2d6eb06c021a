import {
  type MemberInfo,
  type PeerInfo,
  type Registered,
  readMembers,
  type StoreKeys,
  type Watch,
} from '@muster/cluster';
import type { Compare, Millis, RangeResult } from '@muster/ports';

/** One node or gateway in this leader's regime. */
export interface Member {
  readonly info: PeerInfo;
  readonly watch: Watch;
  /** Its line in the store, where it has one. */
  readonly line: Compare | undefined;
  readonly state: 'up' | 'cordoned' | 'draining';
  /** Since when it has this state, as far as this leader knows. */
  readonly since: Millis;
  /** It was given up, and nobody knows yet whether it has stopped what others were given since. */
  readonly doubted: boolean;
}

/** Heard, and reachable at this moment: of two nodes that are killed at once, neither gets the other's shards. */
export function isWell(watch: Watch): boolean {
  return watch.phase === 'up' && watch.linked;
}

/** It may get shards. */
export function isTarget({ info, watch, state }: Member): boolean {
  return info.role === 'node' && isWell(watch) && state === 'up';
}

/** Not only registered: it beat lately. */
export function isHeard({ phase }: Watch): boolean {
  return phase === 'up' || phase === 'suspect';
}

/** What is pushed about members: the living, and nodes that died lately, so that nobody takes one of them back. */
export function listed(members: readonly Member[], dead: readonly PeerInfo[]): MemberInfo[] {
  const living = members
    .map(({ info: { role, peer, address, zone, build }, watch, state, doubted }) => {
      const suspect = doubted || watch.phase === 'suspect' || watch.phase === 'silent';
      return { role, peer, address, zone, build, state: suspect ? ('suspect' as const) : state };
    })
    .sort((a, b) => (a.peer < b.peer ? -1 : 1));
  return [...living, ...dead.map((info) => ({ ...info, state: 'dead' as const }))];
}

/** A line in the store, with the role it stands under. */
export interface Registration extends Registered {
  readonly role: 'node' | 'gateway';
}

/** Nodes and gateways whose lines a list of the store shows. */
export function registeredIn(keys: StoreKeys, { entries }: RangeResult): Registration[] {
  return (['node', 'gateway'] as const).flatMap((role) =>
    readMembers(keys, role, entries).map((registered) => ({ ...registered, role })),
  );
}
