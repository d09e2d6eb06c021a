// What the cluster has room for. Pure: from how busy the nodes' event loops are to what is not begun any more.
//
//   open ⇄ shed opportunistic ⇄ shed soft ⇄ queue new sessions            hard load — the fights — is never refused
//
// With n nodes the target is (n − 1)/n of what they can do: then one of them may die and the others have room for its work. One node alone
// has nobody to leave room for: 85 %. Above the target for a while: one level up. Clearly below for longer: one level down. So it neither
// flutters around the target nor answers a burst.

import type { Room } from '@muster/cluster';
import type { Millis } from '@muster/ports';
import type { HeadroomOptions } from './options.js';

export type HeadroomLevel = 'open' | 'opportunistic' | 'soft' | 'queue';

/** From nothing to everything that may be refused. */
export const LEVELS: readonly HeadroomLevel[] = ['open', 'opportunistic', 'soft', 'queue'];

export interface Headroom {
  readonly level: HeadroomLevel;
  /** Mean utilisation of the live nodes' event loops, and what it should be at most. */
  readonly used: number;
  readonly target: number;
  /** Since when it is above the target, or clearly below; undefined: neither. */
  readonly above: Millis | undefined;
  readonly below: Millis | undefined;
  /** Of the whole cluster, while sessions queue. */
  readonly admitPerSecond: number;
  readonly admitChangedAt: Millis;
}

export function newHeadroom(now: Millis, { admitPerSecond, aloneTarget }: HeadroomOptions): Headroom {
  const none = { above: undefined, below: undefined };
  return { level: 'open', used: 0, target: aloneTarget, ...none, admitPerSecond, admitChangedAt: now };
}

export function targetOf(nodes: number, { aloneTarget }: HeadroomOptions): number {
  return nodes <= 1 ? aloneTarget : (nodes - 1) / nodes;
}

/** `utilisations`: of the live nodes' event loops, 0…1. Without any there is nothing to judge by. */
export function stepHeadroom(
  state: Headroom,
  utilisations: readonly number[],
  now: Millis,
  options: HeadroomOptions,
): Headroom {
  if (utilisations.length === 0) return { ...state, above: undefined, below: undefined };
  const used = utilisations.reduce((sum, each) => sum + each, 0) / utilisations.length;
  const target = targetOf(utilisations.length, options);
  const above = used > target ? (state.above ?? now) : undefined;
  const below = used < target * options.roomShare ? (state.below ?? now) : undefined;
  const next = admitting({ ...state, used, target, above, below }, now, options);
  // Each level gets its own time to show what it does.
  if (above !== undefined && now - above >= options.raiseMs) return { ...shifted(next, 1), above: now };
  if (below !== undefined && now - below >= options.lowerMs) return { ...shifted(next, -1), below: now };
  return next;
}

function shifted(state: Headroom, by: 1 | -1): Headroom {
  const next = LEVELS[LEVELS.indexOf(state.level) + by];
  return next === undefined ? state : { ...state, level: next };
}

/** Once per second: half where it is too much, a tenth more where there is room. */
function admitting(state: Headroom, now: Millis, options: HeadroomOptions): Headroom {
  if (state.level !== 'queue') return { ...state, admitPerSecond: options.admitPerSecond, admitChangedAt: now };
  if (now - state.admitChangedAt < 1_000) return state;
  const factor = state.above !== undefined ? 0.5 : 1.1;
  const rate = Math.min(options.admitMax, Math.max(options.admitMin, state.admitPerSecond * factor));
  return { ...state, admitPerSecond: rate, admitChangedAt: now };
}

/** What members are told; a gateway's share of what is admitted, at least one per second. */
export function roomOf({ level, admitPerSecond }: Headroom, gateways: number): Room {
  const share = Math.max(1, Math.floor(admitPerSecond / Math.max(1, gateways)));
  if (level === 'open') return { shed: '', admission: 'open', admitPerSecond: 0 };
  if (level === 'opportunistic') return { shed: 'opportunistic', admission: 'open', admitPerSecond: 0 };
  if (level === 'soft') return { shed: 'soft', admission: 'open', admitPerSecond: 0 };
  return { shed: 'soft', admission: 'queue', admitPerSecond: share };
}
