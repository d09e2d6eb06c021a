import type { Counter } from '@muster/ports';
import { type DecideContext, event, type Publication } from '@muster/runtime';
import { isUserId, MESSAGE_LENGTH_MAX, unixTime } from '@muster/tachyon';
import { chatOf } from '../chat/contract.js';
import { type MessagingCommands, type MessagingEvents, PLAYER_KIND } from './contract.js';
import { emptyInbox, keep, messagesAfter } from './inbox.js';
import { toSelf } from './publishing.js';
import type { Decided, PlayerSlice, SliceTools, Whole } from './slice.js';
import { type MessagingPart, type PlayerState, refuseStranger, stillThere } from './state.js';
import { abandoned, positionAnswered, positionsLate, subscribeReceived } from './subscribing.js';

/** What the player says and is told, and what is kept of it. */
export function messagingSlice({
  options,
  metrics,
  whole,
}: SliceTools): PlayerSlice<MessagingCommands, MessagingEvents, MessagingPart> {
  const dropped = metrics.counter('muster_play_messages_dropped_total', 'Messages to players that nobody will read');
  return {
    name: 'messaging',
    version: 2,
    initial: () => ({ inbox: emptyInbox(''), subscribing: [], subscribings: 0 }),
    decide: {
      send: (state, data, ctx) => send(state, data, ctx, whole),
      receive: (state, data, ctx) => receive(state, data, ctx, dropped),
      subscribeReceived: (state, data, ctx) => subscribeReceived(state, data, ctx, options, whole.places(state)),
      positionAnswered,
      positionsLate,
    },
    evolve: {
      subscribingStarted: (state, started) => {
        state.subscribings = started.number;
        state.subscribing.push(started);
      },
      positionTold: (state, { number, place, chat }) => {
        state.subscribing = state.subscribing.map((one) =>
          one.number === number
            ? {
                ...one,
                waiting: one.waiting.filter((still) => still !== place),
                chats: { ...one.chats, [place]: chat },
              }
            : one,
        );
      },
      subscribingEnded: (state, { number }) => {
        state.subscribing = state.subscribing.filter((one) => one.number !== number);
      },
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
        state.subscribing = [];
        if (inbox !== null) state.inbox = emptyInbox(inbox);
      },
      adopted: (state, { inbox }) => {
        if (inbox !== null) state.inbox = { ...state.inbox, prefix: inbox };
      },
      ended: (state) => {
        state.inbox = emptyInbox('');
        state.subscribing = [];
      },
    },
    onAttached: abandoned,
    onEnded: abandoned,
    snapshot: ({ session, inbox }) =>
      session?.messaging ? { messages: messagesAfter(inbox, session.messagesAfter ?? 0) } : {},
  };
}

function receivedAfter(state: PlayerState, after: number): readonly Publication[] {
  return messagesAfter(state.inbox, after).map((message) => toSelf('messaging/received', message));
}

/**
 * Succeeds as soon as the message is on record here: it reaches its player or chat whatever dies. Whether anybody is there to read it is the
 * receiver's matter. All to one receiver go one after the other, so their order stays.
 */
function send(
  state: PlayerState,
  { target, message }: MessagingCommands['send']['data'],
  ctx: DecideContext,
  whole: Whole,
): Decided<MessagingCommands['send']['reply']> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  // As long as a text has no more UTF-16 units than characters are allowed, it need not be counted.
  if (message.length > MESSAGE_LENGTH_MAX && [...message].length > MESSAGE_LENGTH_MAX)
    return { refuse: { reason: 'message_too_long', details: `at most ${MESSAGE_LENGTH_MAX} characters` } };
  if (target.type !== 'player') {
    const place = whole.places(state)[target.type];
    if (place === undefined)
      return { refuse: { reason: 'invalid_request', details: `you are not a member of a ${target.type}` } };
    return { ...stillThere(state), sends: [{ to: chatOf(target.type, place), command: 'say', data: { message } }] };
  }
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
  // The author is not told: it is as if nobody read it.
  if (source.type === 'player' && state.ties.ignored.some((ignored) => ignored === source.userId)) {
    dropped.add(1, { reason: 'ignored' });
    return {};
  }
  return { events: [event('received', { message, source, timestamp: unixTime(ctx.now) })] };
}
