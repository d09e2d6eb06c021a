import { entityKey, type Metrics } from '@muster/ports';
import { type ActorKind, defineActor } from '@muster/runtime';
import { CHAT_KIND, type ChatSaid, MESSAGES_TOPIC, placeOf, SAID } from './contract.js';
import { type ChatOptions, chatOptions } from './options.js';
import { adopted, type ChatEvents, chatMembers, type OwnChatCommands, position, say, waitedOver } from './rules.js';
import { type ChatState, initialChat, keep, renew, setMembers, snapshotOf } from './state.js';

export type ChatKind = ActorKind<ChatState, OwnChatCommands, ChatEvents>;

export interface ChatDependencies {
  readonly metrics: Metrics;
  readonly options?: Partial<ChatOptions>;
}

/** `chat/<lobby|party>:<id>`: who may read and write there, and the newest messages under their numbers. */
export function chatKind({ metrics, options: changes }: ChatDependencies): ChatKind {
  const options = chatOptions(changes);
  const dropped = metrics.counter('muster_play_messages_dropped_total', 'Messages to players that nobody will read');
  return defineActor<ChatState, OwnChatCommands, ChatEvents>(CHAT_KIND, {
    durability: 'replicated',
    version: 1,
    passivateAfterMs: options.passivateAfterMs,
    // Where the place lives: what it says to its chat never leaves the shard.
    placementKey: (id) => entityKey(placeOf(id) ?? { kind: CHAT_KIND, id }),
    initial: initialChat,
    blank: ({ life, waiting }) => life === '' && waiting.length === 0,
    decide: {
      chatMembers: (state, data, ctx) => chatMembers(state, data, ctx, dropped),
      say: (state, data, ctx) => say(state, data, ctx, options, dropped),
      position,
      adopted,
      waitedOver: (state, _, ctx) => waitedOver(state, ctx, dropped),
    },
    evolve: {
      opened: (state, { life }) => {
        state.life = life;
      },
      renewed: (state, { life }) => renew(state, life),
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
        const data: ChatSaid = { life: state.life, number: state.count, ...said };
        return [{ topic: MESSAGES_TOPIC, name: SAID, data }];
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
