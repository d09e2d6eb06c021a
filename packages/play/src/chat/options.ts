import { MusterError } from '@muster/ports';

export interface ChatOptions {
  /** Messages kept per chat for members that reconnect.
   *  Lower: less state to replicate. Higher: more is there after a long absence. Lobby clients expect 200. */
  readonly messagesMax: number;
  /** Messages of players who are not members yet, as far as the chat knows.
   *  Lower: while a whole crowd joins, some who speak at once are refused. Higher: each is up to 2 KiB of state. */
  readonly waitingMax: number;
  /** How long such a message waits for the word that its author is in the place.
   *  Lower: a change of owner in between loses it. Higher: what a kicked player still says waits as long. A change of owner takes up to 3 s. */
  readonly waitForMemberMs: number;
  /** Idle time after which the actor leaves memory. Lower: less memory for quiet chats. Higher: fewer of them are read again. */
  readonly passivateAfterMs: number;
}

export const CHAT_DEFAULTS: ChatOptions = {
  messagesMax: 200,
  waitingMax: 64,
  waitForMemberMs: 4_000,
  passivateAfterMs: 300_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function chatOptions(changes: Partial<ChatOptions> = {}): ChatOptions {
  const options = { ...CHAT_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `chat.${name} is ${value}: a positive integer is needed` });
  }
  return options;
}
