// What others may know of `chat/<lobby|party>:<id>`: who talks to it, in which words.
//
//   lobby/7, party/9 ── chatMembers ──►  chat/lobby:7  ◄── say, position ── player/42  (which knows that it is in lobby 7)
//                                            │
//                                            └─ topic messages ──► gateways of those who are in the place and asked for messages
//
// The place's actor says who is in: on every change, in one send with the whole list, and once more after it was `adopted` with `mayLack`.
// The player's actor says what its player says: it owns the membership (K12) and keeps the order of its player's messages, as sends to one
// receiver go one at a time. Nobody is asked anything in between.
import { type EntityRef, entity } from '@muster/ports';

export const CHAT_KIND = 'chat';

/** Whose members talk there. */
export type ChatPlace = 'lobby' | 'party';

/** The chat of a place. Chats of lobbies and parties live on their place's shard. */
export function chatOf(place: ChatPlace, id: string): EntityRef {
  return entity(CHAT_KIND, `${place}:${id}`);
}

/** `lobby:7` → the entity whose chat it is; undefined: no such thing. */
export function placeOf(chatId: string): EntityRef | undefined {
  const colon = chatId.indexOf(':');
  const place = chatId.slice(0, Math.max(0, colon));
  if (place !== 'lobby' && place !== 'party') return undefined;
  return entity(place, chatId.slice(colon + 1));
}

/** Topic. Snapshot: {@link ChatSnapshot}. Publications: {@link SAID}. Nobody is shown what they said themselves: that is the reader's part. */
export const MESSAGES_TOPIC = 'messages';
/** {@link ChatSaid}. */
export const SAID = 'said';

export interface ChatMessage {
  /** 1, 2, 3 … within the chat's {@link ChatSnapshot.life}. */
  readonly number: number;
  /** User id. */
  readonly author: string;
  readonly message: string;
  /** Microseconds. */
  readonly timestamp: number;
}

export interface ChatSaid extends ChatMessage {
  /** The chat's when it was said. */
  readonly life: string;
}

export interface ChatSnapshot {
  /** Of these numbers only: a chat whose last messages may be lost goes on with another one, so that an old number is unknown, not wrong. */
  readonly life: string;
  /** Messages so far, those no longer kept included. */
  readonly count: number;
  /** Member → messages that were there before: nobody reads what was said before they came. */
  readonly members: Readonly<Record<string, number>>;
  /** What is kept, oldest first. */
  readonly messages: readonly ChatMessage[];
}

/** Where a member begins to read. `after`: a number of that life. */
export type ChatSince =
  | { readonly type: 'latest' }
  | { readonly type: 'from_start' }
  | { readonly type: 'after'; readonly life: string; readonly number: number };

export interface ChatPosition {
  readonly life: string;
  /** The first message to be read is the one after this number. */
  readonly after: number;
  /** Messages between what was asked for and `after` are no longer kept, or may be lost. A life that was never this chat's is no loss. */
  readonly missed: boolean;
}

/** What `chat` understands. */
export interface ChatCommands {
  /** From the place itself: everybody who is in it. Nobody: the chat is over and forgets everything. */
  chatMembers: { data: { readonly members: readonly string[] }; reply: null };
  /** From the actor of a player who is in the place. It waits a moment for `chatMembers` where that is still on its way. Refused: `not_a_member`. */
  say: { data: { readonly message: string }; reply: null };
  /** From the actor of a player who is in the place. */
  position: { data: { readonly since: ChatSince }; reply: ChatPosition };
}

/** Refusal: the place does not have this player, and did not get it within a moment. */
export const REASON_NOT_A_MEMBER = 'not_a_member';
