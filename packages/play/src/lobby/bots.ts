import type { LobbyOptions } from './options.js';
import { allyTeamOf, isFull, seatIn } from './seats.js';
import {
  type Bot,
  invalid,
  type Lobby,
  participants,
  type Ruling,
  refusal,
  withDetails,
  withInside,
  without,
} from './state.js';

export interface NewBot {
  readonly allyTeam: string;
  readonly name?: string;
  readonly shortName: string;
  readonly version?: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** A merge patch: null takes away. */
export interface BotChanges {
  readonly id: string;
  readonly name?: string;
  readonly shortName?: string;
  readonly version?: string | null;
  readonly options?: Readonly<Record<string, string | null>>;
}

type Limits = Pick<LobbyOptions, 'participantsMax' | 'botOptionsMax' | 'botOptionsCharsMax'>;

/** Puts a bot on the next seat; it runs on the machine of `hostUserId`. Its id is `bot-<inside.bots>` afterwards. */
export function addBot(lobby: Lobby, hostUserId: string, { allyTeam: text, ...bot }: NewBot, limits: Limits): Ruling {
  const { details, inside } = lobby;
  const allyTeam = allyTeamOf(details, text);
  if (allyTeam === undefined) return invalid('there is no such ally team');
  if (isFull(details, allyTeam)) return refusal('ally_team_full');
  if (participants(details) >= limits.participantsMax) return invalid('no battle has room for more');
  const id = `bot-${inside.bots + 1}`;
  const { options = {} } = bot;
  const added: Bot = { id, hostUserId, ...seatIn(details, allyTeam), ...bot, options };
  return tooLong(added, limits) ?? withDetails(withInside(lobby, { bots: inside.bots + 1 }), withBot(lobby, added));
}

export function updateBot(lobby: Lobby, { id, ...changes }: BotChanges, limits: Limits): Ruling {
  const bot = Object.hasOwn(lobby.details.bots, id) ? lobby.details.bots[id]! : undefined;
  if (!bot) return refusal('invalid_bot');
  const options = { ...bot.options };
  for (const [key, value] of Object.entries(changes.options ?? {})) {
    if (value === null) delete options[key];
    else options[key] = value;
  }
  const { version: before, ...rest } = bot;
  const version = changes.version === undefined ? before : changes.version;
  const changed: Bot = {
    ...rest,
    ...(changes.name !== undefined && { name: changes.name }),
    ...(changes.shortName !== undefined && { shortName: changes.shortName }),
    ...(version !== undefined && version !== null && { version }),
    options,
  };
  return tooLong(changed, limits) ?? withDetails(lobby, withBot(lobby, changed));
}

export function removeBot(lobby: Lobby, id: string): Ruling {
  if (!Object.hasOwn(lobby.details.bots, id)) return refusal('invalid_bot');
  return withDetails(lobby, { bots: without(lobby.details.bots, id) });
}

function withBot({ details }: Lobby, bot: Bot): { readonly bots: Record<string, Bot> } {
  return { bots: { ...details.bots, [bot.id]: bot } };
}

/** Patches add up: what one message may hold says nothing of what a bot has after many. */
function tooLong({ options = {} }: Bot, { botOptionsMax, botOptionsCharsMax }: Limits): Ruling | undefined {
  const entries = Object.entries(options);
  if (entries.length > botOptionsMax) return invalid(`a bot has at most ${botOptionsMax} options`);
  const chars = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return chars > botOptionsCharsMax
    ? invalid(`a bot's options have at most ${botOptionsCharsMax} characters`)
    : undefined;
}
