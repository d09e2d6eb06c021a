import { entityKey } from '@muster/ports';
import { type ActorKind, defineActor } from '@muster/runtime';
import { CHAT_KIND, type ChatMessage, MESSAGES_TOPIC, placeOf, SAID } from './contract.js';
import { type ChatOptions, chatOptions } from './options.js';
import { adopted, type ChatEvents, chatMembers, type OwnChatCommands, position, say, waitedOver } from './rules.js';
import { type ChatState, initialChat, keep, setMembers, snapshotOf } from './state.js';

export type ChatKind = ActorKind<ChatState, OwnChatCommands, ChatEvents>;

/** `chat/<lobby|party|room>:<id>`: who may read and write there, and the newest messages under their numbers. */
export function chatKind(changes: Partial<ChatOptions> = {}): ChatKind {
  const options = chatOptions(changes);
  return defineActor<ChatState, OwnChatCommands, ChatEvents>(CHAT_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    // Where the place lives: what it says to its chat never leaves the shard.
    placementKey: (id) => entityKey(placeOf(id) ?? { kind: CHAT_KIND, id }),
    initial: initialChat,
    blank: ({ life, waiting }) => life === '' && waiting.length === 0,
    decide: {
      chatMembers,
      say: (state, data, ctx) => say(state, data, ctx, options),
      position,
      adopted,
      waitedOver,
    },
    evolve: {
      opened: (state, { life }) => {
        state.life = life;
      },
      renewed: (state, { life }) => {
        state.life = life;
      },
      membersChanged: (state, { members }) => setMembers(state, members),
      ended: (state) => void Object.assign(state, initialChat()),
      said: (state, message) => keep(state, message, options.messagesMax),
      waits: (state, waiting) => void state.waiting.push(waiting),
      waitedEnough: (state, { tickets }) => {
        state.waiting = state.waiting.filter(({ ticket }) => !tickets.includes(ticket));
      },
    },
    publish: {
      said: (state, said) => {
        const message: ChatMessage = { number: state.count, ...said };
        return [{ topic: MESSAGES_TOPIC, name: SAID, data: message }];
      },
    },
    topics: { [MESSAGES_TOPIC]: snapshotOf },
    adopted: 'adopted',
    // Operators see that there are messages, not what they say.
    describe: ({ life, count, messages, members, waiting }) => ({
      life,
      count,
      kept: messages.length,
      members,
      waiting: waiting.length,
    }),
  });
}
