import type { ReplyTicket } from '@muster/runtime';
import type { ChatMessage, ChatPosition, ChatSince, ChatSnapshot } from './contract.js';

/** Plain JSON; changed in place by `evolve` only. */
export interface ChatState {
  /** Empty: nobody was ever in it. */
  life: string;
  /** Earlier lives of this same chat, the newest first: who knows one of them may have missed something. */
  former: string[];
  /** Messages so far. */
  count: number;
  /** The newest of them, oldest first. */
  messages: Kept[];
  /** Member → messages that were there before. */
  members: Record<string, number>;
  /** Said by players of whom the place did not tell yet, in the order in which it came. */
  waiting: Waiting[];
}

export type Kept = Omit<ChatMessage, 'number'>;

export interface Waiting {
  readonly ticket: ReplyTicket;
  readonly author: string;
  readonly message: string;
  readonly until: number;
}

export function initialChat(): ChatState {
  return { life: '', former: [], count: 0, messages: [], members: {}, waiting: [] };
}

/** Numbers of the life before mean nothing any more. */
export function renew(state: ChatState, life: string): void {
  state.former = [state.life, ...state.former].slice(0, FORMER_LIVES_MAX);
  state.life = life;
}

/** Each stands for a time when two machines were lost at once. */
const FORMER_LIVES_MAX = 4;

export function isMember({ members }: ChatState, userId: string): boolean {
  return Object.hasOwn(members, userId);
}

/** Adds in place; the oldest beyond `max` is dropped. */
export function keep(state: ChatState, message: Kept, max: number): void {
  state.count += 1;
  state.messages.push(message);
  if (state.messages.length > max) state.messages.shift();
}

/** Adds and removes in place: who stays keeps the place where they began. */
export function setMembers(state: ChatState, members: readonly string[]): void {
  const before = state.members;
  state.members = {};
  for (const userId of members) state.members[userId] = before[userId] ?? state.count;
}

export function snapshotOf(state: ChatState): ChatSnapshot {
  const { life, count, members } = state;
  return { life, count, members, messages: messagesOf(state) };
}

function messagesOf({ count, messages }: ChatState): ChatMessage[] {
  const dropped = count - messages.length;
  return messages.map((message, i) => ({ number: dropped + i + 1, ...message }));
}

/** Where this member goes on. Who is none yet begins with what comes next. */
export function positionOf(state: ChatState, userId: string, since: ChatSince): ChatPosition {
  const { life, former, count, messages } = state;
  const began = isMember(state, userId) ? state.members[userId]! : count;
  // Not before the first message that this member may read and that is still here.
  const first = Math.max(began, count - messages.length);
  switch (since.type) {
    case 'latest':
      return { life, after: count, missed: false };
    case 'from_start':
      return { life, after: first, missed: first > began };
    case 'after': {
      if (since.life !== life) return { life, after: first, missed: first > began || former.includes(since.life) };
      if (since.number > count) return { life, after: first, missed: true };
      // Who is back in the same chat may know a number from before.
      const after = Math.max(since.number, first);
      return { life, after, missed: after > Math.max(since.number, began) };
    }
  }
}
