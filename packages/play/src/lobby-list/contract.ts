// What others may know of `lobby-list/<n>`: one of the 16 parts of the list of open lobbies.
//
//   lobby/7 ── listed ──► lobby-list/<murmur(7) mod 16> ── topic list ──► every gateway, once for all its clients
//
// A part remembers nothing for long: a lobby that has not been heard of is gone. So a part that was lost is whole again after one beat.
import { type EntityRef, entity, murmur3 } from '@muster/ports';
import type { LobbyOverview } from '@muster/tachyon';

export const LOBBY_LIST_KIND = 'lobby-list';
export const LOBBY_LIST_PARTS = 16;

/** Topic. Snapshot and publications: {@link ListedLobbies}. */
export const LIST_TOPIC = 'list';
/** Name of the publications. */
export const LIST_CHANGED = 'changed';

/** Lobby id → its line; null: it is gone. Of a snapshot: all of them. */
export type ListedLobbies = Readonly<Record<string, LobbyOverview | null>>;

/** Every part, in order. */
export function listParts(): readonly EntityRef[] {
  return Array.from({ length: LOBBY_LIST_PARTS }, (_, n) => entity(LOBBY_LIST_KIND, String(n)));
}

/** The part that has this lobby. */
export function listPartOf(lobbyId: string): EntityRef {
  return entity(LOBBY_LIST_KIND, String(murmur3(lobbyId) % LOBBY_LIST_PARTS));
}

export interface LobbyListCommands {
  /** From the lobby itself: its line as it is now; null: it is closed, or nobody is to see it. */
  listed: { data: { readonly overview: LobbyOverview | null }; reply: null };
}
