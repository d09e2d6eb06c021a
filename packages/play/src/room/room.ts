import { type ActorKind, defineActor, type Publication } from '@muster/runtime';
import { type ChatSaid, MESSAGES_TOPIC, SAID } from '../chat/contract.js';
import { keep, snapshotOf } from '../chat/state.js';
import { MEMBERS_NEWS, ROOM_KIND, type RoomMembersNews } from './contract.js';
import { lineDue, lineHeard } from './line.js';
import { type RoomOptions, roomOptions } from './options.js';
import { admit, adopted, audit, confirm, leave, memberConfirmed, members, say } from './rules.js';
import {
  begin,
  enter,
  exists,
  go,
  initialRoom,
  memberCount,
  type OwnRoomCommands,
  type RoomEvents,
  type RoomState,
} from './state.js';

export type RoomKind = ActorKind<RoomState, OwnRoomCommands, RoomEvents>;

function membersNews(state: RoomState, member: string, came: boolean): readonly Publication[] {
  const data: RoomMembersNews = { member, came, memberCount: memberCount(state) };
  return [{ topic: MESSAGES_TOPIC, name: MEMBERS_NEWS, data }];
}

/** `chat-room/<name>`: who is in a room, and the newest messages under their numbers. It begins with who opens it and ends with its last member. */
export function roomKind(changes: Partial<RoomOptions> = {}): RoomKind {
  const options = roomOptions(changes);
  return defineActor<RoomState, OwnRoomCommands, RoomEvents>(ROOM_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    initial: initialRoom,
    blank: (state) => !exists(state),
    decide: {
      admit: (state, data, ctx) => admit(state, data, ctx, options),
      leave: (state, { op }, ctx) => leave(state, op, ctx, options),
      confirm: (state, { op }, ctx) => confirm(state, op, ctx),
      say,
      members: (state, _, ctx) => members(state, ctx),
      adopted: (state, data, ctx) => adopted(state, data, ctx, options),
      auditDue: (state, _, ctx) => audit(state, ctx, options),
      memberConfirmed: (state, answer, ctx) => memberConfirmed(state, answer, ctx, options),
      lineDue,
      lineHeard: (state, _, ctx) => lineHeard(state, ctx, options),
    },
    evolve: {
      opened: (state, { life }) => begin(state, life),
      renewed: (state, { life }) => begin(state, life),
      entered: (state, { member, op }) => enter(state, member, op),
      went: (state, { member }) => go(state, member),
      ended: (state) => void Object.assign(state, initialRoom()),
      said: ({ chat }, message) => keep(chat, message, options.messagesMax),
      lineChanged: (state, line) => {
        state.line = line;
      },
    },
    publish: {
      entered: (state, { member, isNew }) => (isNew ? membersNews(state, member, true) : []),
      went: (state, { member }) => membersNews(state, member, false),
      said: ({ chat }, said) => {
        const data: ChatSaid = { life: chat.life, number: chat.count, ...said };
        return [{ topic: MESSAGES_TOPIC, name: SAID, data }];
      },
    },
    topics: { [MESSAGES_TOPIC]: ({ chat }) => snapshotOf(chat) },
    adopted: 'adopted',
    // Operators see that there are messages, not what they say.
    describe: ({ chat: { life, count, messages }, ops, line }) => ({ life, count, kept: messages.length, ops, line }),
  });
}
