// Asking for messages (`messaging/subscribeReceived`). Direct messages are kept here; those of the lobby and the party in their chats,
// once for all who read them. So a player who is in a place asks its chat first from where to go on: the reply is deferred meanwhile.
//
//   subscribeReceived ──► position to each chat ──► all answered, or time is up ──► reply: what was missed, and where each source goes on
//
// The gateway then gives its client what comes after that in each source, under markers that speak of all of them. A chat that does not
// answer in time, or whose owner died, is read from where this player came into the place, and the client is told that it may have missed
// something. Who takes the session over, and who signs out, ends the conversation.
import { type Answer, type DecideContext, event } from '@muster/runtime';
import type { MessagesSince } from '@muster/tachyon';
import { type ChatPosition, type ChatSince, chatOf, placeOf } from '../chat/contract.js';
import { HEARD_PLACES, type HeardPlace, positionText, readMarker } from '../chat/marker.js';
import { type HeardChat, type MessagingCommands, REASON_SUPERSEDED, type SubscribedReply } from './contract.js';
import { startAfter } from './inbox.js';
import type { PlayerOptions } from './options.js';
import type { Decided, Pieces, Whole } from './slice.js';
import { type PlayerState, refuseStranger, type Subscribing, stillThere } from './state.js';

type Places = ReturnType<Whole['places']>;

export function subscribeReceived(
  state: PlayerState,
  { since = { type: 'latest' } }: MessagingCommands['subscribeReceived']['data'],
  ctx: DecideContext,
  options: PlayerOptions,
  places: Places,
): Decided<SubscribedReply> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const back = stillThere(state);
  const waiting = HEARD_PLACES.filter((place) => places[place] !== undefined);
  if (waiting.length === 0) {
    const { after, reply } = outcomeOf(state, since, {});
    return { events: [...back.events, event('messagingSubscribed', { after })], timers: back.timers, reply };
  }
  if (state.subscribing.length >= options.subscribingMax)
    return { refuse: { reason: 'invalid_request', details: 'your last requests for messages are not answered yet' } };
  const number = state.subscribings + 1;
  const started: Subscribing = { number, ticket: ctx.ticket, since, waiting, chats: {} };
  return {
    events: [...back.events, event('subscribingStarted', started)],
    sends: waiting.map((place) => ({
      to: chatOf(place, places[place]!),
      command: 'position',
      data: { since: chatSince(since, place) },
      answer: 'positionAnswered',
      context: { number, place },
    })),
    timers: [
      ...back.timers,
      { name: timerOf(number), at: ctx.now + options.positionTimeoutMs, command: 'positionsLate', data: { number } },
    ],
    defer: true,
  };
}

export function positionAnswered(state: PlayerState, answer: Answer): Decided<null> {
  const { number, place } = answer.context as { readonly number: number; readonly place: HeardPlace };
  const subscribing = state.subscribing.find((one) => one.number === number);
  const id = placeOf(answer.from.id)?.id;
  // The conversation ended before.
  if (!subscribing || id === undefined) return {};
  const position = answer.ok ? (answer.value as ChatPosition) : undefined;
  const chat: HeardChat = position
    ? { id, life: position.life, after: position.after, missed: position.missed }
    : { id, ...UNKNOWN };
  const waiting = subscribing.waiting.filter((one) => one !== place);
  if (waiting.length > 0) return { events: [event('positionTold', { number, place, chat })] };
  return finished(state, subscribing, { ...subscribing.chats, [place]: chat });
}

export function positionsLate(state: PlayerState, data: MessagingCommands['positionsLate']['data']): Decided<null> {
  const subscribing = state.subscribing.find(({ number }) => number === data.number);
  if (!subscribing) return {};
  return finished(state, subscribing, subscribing.chats, subscribing.waiting.length > 0);
}

/** Whoever waits on a connection that was taken over, or is gone, waits in vain. */
export function abandoned(state: PlayerState): Pieces {
  return {
    timers: state.subscribing.map(({ number }) => ({ name: timerOf(number), at: null })),
    resolve: state.subscribing.map(({ ticket }) => ({ ticket, refuse: { reason: REASON_SUPERSEDED } })),
  };
}

const UNKNOWN = { life: '', after: 0, missed: true } as const;

function finished(
  state: PlayerState,
  { number, ticket, since }: Subscribing,
  chats: Subscribing['chats'],
  late = false,
): Decided<null> {
  // As things are now: what came meanwhile is part of it.
  const { after, reply } = outcomeOf(state, since, chats, late);
  return {
    events: [event('subscribingEnded', { number }), event('messagingSubscribed', { after })],
    timers: [{ name: timerOf(number), at: null }],
    resolve: [{ ticket, reply }],
  };
}

function outcomeOf(
  { inbox }: PlayerState,
  since: MessagesSince,
  chats: Subscribing['chats'],
  late = false,
): { readonly after: number; readonly reply: SubscribedReply } {
  const direct = since.type === 'marker' ? directPart(since) : since;
  const { after, missed } = startAfter(inbox, direct);
  const hasMissedMessages = missed || late || HEARD_PLACES.some((place) => chats[place]?.missed);
  const heard = { direct: positionText({ life: inbox.prefix, number: after }), chats };
  return { after, reply: { hasMissedMessages, heard } };
}

/** What of a marker is about direct messages. What nobody of ours made stays as it is, and is unknown. */
function directPart(since: Extract<MessagesSince, { type: 'marker' }>): MessagesSince {
  const heard = readMarker(since.value);
  return heard ? { type: 'marker', value: positionText(heard.direct) } : since;
}

/** Whose marker says nothing of this place has come into it since, or knows nothing: it gets all that it may read. */
function chatSince(since: MessagesSince, place: HeardPlace): ChatSince {
  if (since.type !== 'marker') return since;
  const position = readMarker(since.value)?.chats[place];
  return position ? { type: 'after', ...position } : { type: 'from_start' };
}

function timerOf(number: number): string {
  return `subscribing:${number}`;
}
