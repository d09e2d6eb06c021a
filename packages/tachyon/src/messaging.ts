import { type Static, Type } from '@sinclair/typebox';
import { Id } from './bounds.js';
import { defineCommand } from './definition.js';
import { HistoryMarker, UnixTime, UserId } from './shapes.js';

/** Longest message, in characters (code points). */
export const MESSAGE_LENGTH_MAX = 512;

export const MessageTarget = Type.Union([
  Type.Object({ type: Type.Literal('player'), userId: UserId }),
  Type.Object({ type: Type.Literal('party') }),
  Type.Object({ type: Type.Literal('lobby') }),
]);
export type MessageTarget = Static<typeof MessageTarget>;

export const MessageSource = Type.Union([
  Type.Object({ type: Type.Literal('player'), userId: UserId }),
  Type.Object({ type: Type.Literal('party'), partyId: Id(), userId: UserId }),
  Type.Object({ type: Type.Literal('lobby'), lobbyId: Id(), userId: UserId }),
]);
export type MessageSource = Static<typeof MessageSource>;

export const MessagesSince = Type.Union([
  Type.Object({ type: Type.Literal('from_start') }),
  Type.Object({ type: Type.Literal('latest') }),
  Type.Object({ type: Type.Literal('marker'), value: HistoryMarker }),
]);
export type MessagesSince = Static<typeof MessagesSince>;

/** `lobby` or `party`, or what is no place. */
function targetOf(data: unknown): string | undefined {
  const type = (data as { readonly target?: { readonly type?: unknown } } | undefined)?.target?.type;
  return typeof type === 'string' ? type : undefined;
}

export const messagingSend = defineCommand(
  {
    commandId: 'messaging/send',
    direction: 'user→server',
    kind: 'request',
    what: 'Sends a text to a player, to your party or to your lobby. To a player who is not online it succeeds and is dropped.',
    data: Type.Object({ target: MessageTarget, message: Type.String({ maxLength: MESSAGE_LENGTH_MAX }) }),
    reasons: ['message_too_long', 'invalid_target'],
    violations: { '/message maxLength': 'message_too_long', '/target/userId pattern': 'invalid_target' },
    target: { kind: 'player', id: 'caller', command: 'send' },
    speaksOf: targetOf,
  },
  { data: { target: { type: 'player', userId: '43' }, message: 'Hello!' } },
);

export const messagingSubscribeReceived = defineCommand(
  {
    commandId: 'messaging/subscribeReceived',
    direction: 'user→server',
    kind: 'request',
    what: 'From now on get messages as they come, after those kept since a marker or from the start. Ends with the connection.',
    data: Type.Object({ since: Type.Optional(MessagesSince) }),
    reply: Type.Object({ hasMissedMessages: Type.Boolean() }),
    target: { kind: 'player', id: 'caller', command: 'subscribeReceived' },
    leadsTo: ['messaging/received'],
  },
  { data: { since: { type: 'marker', value: 'k3f9.17' } }, reply: { hasMissedMessages: false } },
);

export const messagingReceived = defineCommand(
  {
    commandId: 'messaging/received',
    direction: 'server→user',
    kind: 'event',
    what: 'A message for you.',
    data: Type.Object({
      message: Type.String(),
      source: MessageSource,
      timestamp: UnixTime,
      marker: HistoryMarker,
    }),
    source: 'player',
  },
  {
    data: {
      message: 'Hello!',
      source: { type: 'player', userId: '42' },
      timestamp: 1_705_432_698_000_000,
      marker: 'k3f9.18',
    },
  },
);
export type ReceivedMessage = Static<typeof messagingReceived.data>;

export const MESSAGING_COMMANDS = [messagingSend, messagingSubscribeReceived, messagingReceived] as const;
