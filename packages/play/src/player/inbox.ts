import type { MessagesSince, ReceivedMessage } from '@muster/tachyon';

/** The messages of one session, newest last: number, and what `messaging/received` says of it. */
export interface Inbox {
  /** Of this session only, so that a marker from another life is unknown instead of wrong. */
  readonly prefix: string;
  /** Messages received so far, dropped ones included. */
  count: number;
  readonly messages: Omit<ReceivedMessage, 'marker'>[];
}

export function emptyInbox(prefix: string): Inbox {
  return { prefix, count: 0, messages: [] };
}

/** Adds in place; the oldest beyond `max` is dropped. */
export function keep(inbox: Inbox, message: Omit<ReceivedMessage, 'marker'>, max: number): void {
  inbox.count += 1;
  inbox.messages.push(message);
  if (inbox.messages.length > max) inbox.messages.shift();
}

/** Number of the last message that a client need not get again, and whether it has missed any. */
export function startAfter(inbox: Inbox, since: MessagesSince): { readonly after: number; readonly missed: boolean } {
  const dropped = inbox.count - inbox.messages.length;
  switch (since.type) {
    case 'latest':
      return { after: inbox.count, missed: false };
    case 'from_start':
      return { after: dropped, missed: dropped > 0 };
    case 'marker': {
      const number = numberOf(inbox, since.value);
      if (number === undefined || number < dropped) return { after: dropped, missed: true };
      return { after: number, missed: false };
    }
  }
}

/** Every kept message after number `after`, as clients get it. */
export function messagesAfter(inbox: Inbox, after: number): ReceivedMessage[] {
  const first = inbox.count - inbox.messages.length + 1;
  return inbox.messages
    .map((message, i) => ({ ...message, marker: markerOf(inbox, first + i) }))
    .slice(Math.max(0, after + 1 - first));
}

/** Of messages, oldest first, those that come after the marked one; all where the marker is none of this inbox's. */
export function missedAfter(
  messages: readonly ReceivedMessage[],
  marker: string | undefined,
): readonly ReceivedMessage[] {
  const [prefix, number] = parted(marker ?? '');
  return messages.filter((message) => {
    const [of, at] = parted(message.marker);
    return of !== prefix || at > number;
  });
}

/** Whether a message of this marker is the very next one after the other, or of another life. */
export function isNextAfter(marker: string, before: string | undefined): boolean {
  const [[of, at], [prefix, number]] = [parted(marker), parted(before ?? '')];
  return of !== prefix || at === number + 1;
}

function parted(marker: string): readonly [prefix: string, number: number] {
  const dot = marker.lastIndexOf('.');
  return [marker.slice(0, Math.max(0, dot)), Number(marker.slice(dot + 1))];
}

function markerOf(inbox: Inbox, number: number): string {
  return `${inbox.prefix}.${number}`;
}

function numberOf(inbox: Inbox, marker: string): number | undefined {
  const text = marker.startsWith(`${inbox.prefix}.`) ? marker.slice(inbox.prefix.length + 1) : '';
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text)) return undefined;
  const number = Number(text);
  return number <= inbox.count ? number : undefined;
}
