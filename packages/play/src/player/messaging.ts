import type { Counter } from '@muster/ports';
import { type DecideContext, type Decision, event } from '@muster/runtime';
import { isUserId, MESSAGE_LENGTH_MAX, unixTime } from '@muster/tachyon';
import { PLAYER_KIND, type PlayerCommands, type PlayerEvents } from './contract.js';
import { startAfter } from './inbox.js';
import { type PlayerState, refuseStranger, stillThere } from './state.js';

type Decided<K extends keyof PlayerCommands> = Decision<PlayerState, PlayerEvents, PlayerCommands[K]['reply']>;

/** To a player: succeeds as soon as the message is on record here; whether anybody is there to read it is the receiver's matter. */
export function send(
  state: PlayerState,
  { target, message }: PlayerCommands['send']['data'],
  ctx: DecideContext,
): Decided<'send'> {
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
export function receive(
  state: PlayerState,
  { message, source }: PlayerCommands['receive']['data'],
  ctx: DecideContext,
  dropped: Counter,
): Decided<'receive'> {
  const { origin } = ctx;
  if (origin.type !== 'entity' || (source.type === 'player' && origin.from.id !== source.userId))
    return { refuse: { reason: 'unauthorized', details: 'messages come from the actor of their author' } };
  if (!state.session) {
    dropped.add(1, { reason: state.account ? 'offline' : 'unknown_user' });
    return {};
  }
  return { events: [event('received', { message, source, timestamp: unixTime(ctx.now) })] };
}

export function subscribeReceived(
  state: PlayerState,
  { since }: PlayerCommands['subscribeReceived']['data'],
  ctx: DecideContext,
): Decided<'subscribeReceived'> {
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
