import type { MemberDocument } from './documents.js';

/** Below it a call may just have been lost. */
const AWAY_MS = 1_000;

/** What an operator should hear of storage, as nodes see it. */
export function storageProblems(nodes: readonly Pick<MemberDocument, 'id' | 'storageAwayMs'>[]): readonly string[] {
  const without = nodes.filter(({ storageAwayMs }) => storageAwayMs >= AWAY_MS);
  if (without.length === 0) return [];
  const longest = Math.max(...without.map(({ storageAwayMs }) => storageAwayMs));
  const names = without.map(({ id }) => id).join(', ');
  return [
    `Storage has not answered ${names} for ${Math.round(longest / 1_000)} s: shards without a second place answer nothing, the others are served and not stored.`,
  ];
}
