import type { GatheringKind } from './places-view.js';

/** What somebody said to a place: every message of a run is another one. */
export interface ChatText {
  readonly kind: GatheringKind;
  readonly id: string;
  readonly from: string;
  /** 1, 2, 3… of this player in this place. */
  readonly number: number;
}

export function chatText({ kind, id, from, number }: ChatText): string {
  return `${kind} ${id} ${from} ${number}`;
}

/** undefined: it was said to somebody alone. */
export function readChatText(text: string): ChatText | undefined {
  const [kind, id, from, number] = text.split(' ');
  if ((kind !== 'lobby' && kind !== 'party') || !id || !from) return undefined;
  return { kind, id, from, number: Number(number) };
}
