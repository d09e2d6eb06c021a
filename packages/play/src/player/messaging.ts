import type { Counter } from '@muster/ports';
import { type DecideContext, event, type Publication } from '@muster/runtime';
import { isUserId, MESSAGE_LENGTH_MAX, unixTime } from '@muster/tachyon';
import { type MessagingCommands, type MessagingEvents, PLAYER_KIND } from './contract.js';
import { emptyInbox, keep, messagesAfter, startAfter } from './inbox.js';
import { toSelf } from './publishing.js';
import type { Decided, PlayerSlice, SliceTools } from './slice.js';
import { type MessagingPart, type PlayerState, refuseStranger, stillThere } from './state.js';

/** What the player says and is told, and what is kept of it. */
export function messagingSlice({
  options,
  metrics,
}: SliceTools): PlayerSlice<MessagingCommands, MessagingEvents, MessagingPart> {
  const dropped = metrics.counter('muster_play_messages_dropped_total', 'Messages to players that nobody will read');
  return {
    name: 'messaging',
    version: 1,
    initial: () => ({ inbox: emptyInbox('') }),
    decide: { send, receive: (state, data, ctx) => receive(state, data, ctx, dropped), subscribeReceived },
    evolve: {
      received: (state, message) => keep(state.inbox, message, options.inboxMessagesMax),
      messagingSubscribed: (state, { after }) => {
        if (!state.session) return;
        state.session.messaging = true;
        state.session.messagesAfter = after;
      },
    },
    publish: {
      received: (state) => (state.session?.messaging ? receivedAfter(state, state.inbox.count - 1) : []),
      messagingSubscribed: (state, { after }) => receivedAfter(state, after),
    },
    follow: {
      attached: (state, { inbox }) => {
        if (inbox !== null) state.inbox = emptyInbox(inbox);
      },
      adopted: (state, { inbox }) => {
        if (inbox !== null) state.inbox = { ...state.inbox, prefix: inbox };
      },
      ended: (state) => {
        state.inbox = emptyInbox('');
      },
    },
    snapshot: ({ session, inbox }) =>
      session?.messaging ? { messages: messagesAfter(inbox, session.messagesAfter ?? 0) } : {},
  };
}

function receivedAfter(state: PlayerState, after: number): readonly Publication[] {
  return messagesAfter(state.inbox, after).map((message) => toSelf('messaging/received', message));
}

/** To a player: succeeds as soon as the message is on record here; whether anybody is there to read it is the receiver's matter. */
function send(
  state: PlayerState,
  { target, message }: MessagingCommands['send']['data'],
  ctx: DecideContext,
): Decided<MessagingCommands['send']['reply']> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  // As long as a text has no more UTF-16 units than characters are allowed, it need not be counted.
  if (message.length > MESSAGE_LENGTH_MAX && [...message].length > MESSAGE_LENGTH_MAX)
    return { refuse: { reason: 'message_too_long', details: `at most ${MESSAGE_LENGTH_MAX} characters` } };
  if (target.type !== 'player')
    return { refuse: { reason: 'invalid_request', details: `you are not a member of a ${target.type}` } };
  if (!isUserId(target.userId))
    return { refuse: { reason: 'invalid_target', details: 'a user id is a decimal number' } };
  return {
    ...stillThere(state),
    sends: [
      {
        to: { kind: PLAYER_KIND, id: target.userId },
        command: 'receive',
        data: { message, source: { type: 'player', userId: ctx.self.id } },
      },
    ],
  };
}

/** From another actor. Nobody signed in: dropped, as the protocol has it, and counted. */
function receive(
  state: PlayerState,
  { message, source }: MessagingCommands['receive']['data'],
  ctx: DecideContext,
  dropped: Counter,
): Decided<MessagingCommands['receive']['reply']> {
  const { origin } = ctx;
  if (origin.type !== 'entity' || (source.type === 'player' && origin.from.id !== source.userId))
    return { refuse: { reason: 'unauthorized', details: 'messages come from the actor of their author' } };
  if (!state.session) {
    dropped.add(1, { reason: state.account ? 'offline' : 'unknown_user' });
    return {};
  }
  return { events: [event('received', { message, source, timestamp: unixTime(ctx.now) })] };
}

function subscribeReceived(
  state: PlayerState,
  { since }: MessagingCommands['subscribeReceived']['data'],
  ctx: DecideContext,
): Decided<MessagingCommands['subscribeReceived']['reply']> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const { after, missed } = startAfter(state.inbox, since ?? { type: 'latest' });
  const back = stillThere(state);
  return {
    events: [...back.events, event('messagingSubscribed', { after })],
    timers: back.timers,
    reply: { hasMissedMessages: missed },
  };
}
