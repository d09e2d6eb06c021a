import type { Child } from '../child.js';
import { isOurs, type Looked, ownBytesOfTree, residentBytes } from '../cluster/usage.js';

/** Who has how much memory. */
export interface Footprint {
  /** Coordinators, nodes and gateways. */
  readonly ours: number;
  /** By role; in parentheses those that do not count. */
  readonly byRole: Readonly<Record<string, number>>;
}

export function footprintOf(processes: readonly Looked[], clients: readonly Child[]): Footprint {
  const byRole: Record<string, number> = {};
  let ours = 0;
  for (const one of processes) {
    const bytes = isOurs(one) ? residentBytes(one.pid) : ownBytesOfTree(one.pid);
    const name = isOurs(one) ? one.role : `(${one.role})`;
    byRole[name] = (byRole[name] ?? 0) + bytes;
    if (isOurs(one)) ours += bytes;
  }
  for (const { pid } of clients) byRole['(clients)'] = (byRole['(clients)'] ?? 0) + residentBytes(pid);
  return { ours, byRole };
}

/** By how many bytes a player each role grew. */
export function perPlayer(after: Footprint, before: Footprint, players: number): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(after.byRole).map(([role, bytes]) => [role, (bytes - (before.byRole[role] ?? 0)) / players]),
  );
}
