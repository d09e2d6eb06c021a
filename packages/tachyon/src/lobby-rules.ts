import { Type } from '@sinclair/typebox';
import { Id, Nullable, OneOf, Text } from './bounds.js';
import { type ActorTarget, defineCommand } from './definition.js';
import { LIMITS } from './limits.js';
import { BotName, BotOptions, BotOptionsPatch } from './lobby-shapes.js';
import { UnixTime, UserId } from './shapes.js';

// Bots, bosses and votes: what the lobby has rules about.

const BotVersion = Text(LIMITS.idLengthMax);

const lobby = (command: string, outside?: string): ActorTarget => ({
  kind: 'lobby',
  id: 'place',
  command,
  ...(outside === undefined ? {} : { outside }),
});

export const lobbyAddBot = defineCommand(
  {
    commandId: 'lobby/addBot',
    direction: 'user→server',
    kind: 'request',
    what: 'Puts a bot into this ally team. It runs on your machine.',
    data: Type.Object({
      allyTeam: Id(),
      name: Type.Optional(BotName),
      shortName: BotName,
      version: Type.Optional(BotVersion),
      options: Type.Optional(BotOptions),
    }),
    reply: Type.Object({ id: Type.String() }),
    reasons: ['not_in_lobby', 'ally_team_full'],
    target: lobby('addBot', 'not_in_lobby'),
  },
  {
    data: { allyTeam: '0', name: 'Barb', shortName: 'BARb', version: 'stable', options: { profile: 'hard' } },
    reply: { id: 'bot-1' },
  },
);

export const lobbyUpdateBot = defineCommand(
  {
    commandId: 'lobby/updateBot',
    direction: 'user→server',
    kind: 'request',
    what: 'Changes a bot; null takes its version or an option away.',
    data: Type.Object({
      id: Id(),
      name: Type.Optional(BotName),
      shortName: Type.Optional(Text(20)),
      version: Type.Optional(Nullable(BotVersion)),
      options: Type.Optional(BotOptionsPatch),
    }),
    reasons: ['not_in_lobby', 'invalid_bot'],
    target: lobby('updateBot', 'not_in_lobby'),
  },
  { data: { id: 'bot-1', version: null, options: { profile: 'easy' } } },
);

export const lobbyRemoveBot = defineCommand(
  {
    commandId: 'lobby/removeBot',
    direction: 'user→server',
    kind: 'request',
    what: 'Takes a bot out.',
    data: Type.Object({ id: Id() }),
    reasons: ['not_in_lobby', 'invalid_bot'],
    target: lobby('removeBot', 'not_in_lobby'),
  },
  { data: { id: 'bot-1' } },
);

export const lobbyAppointBoss = defineCommand(
  {
    commandId: 'lobby/appointBoss',
    direction: 'user→server',
    kind: 'request',
    what: 'Makes a member a boss. A boss may; where there is none and several players are, it is put to the vote.',
    data: Type.Object({ userId: UserId }),
    reasons: ['bosses_not_allowed'],
    target: lobby('appointBoss'),
  },
  { data: { userId: '43' } },
);

export const lobbyUnboss = defineCommand(
  {
    commandId: 'lobby/unboss',
    direction: 'user→server',
    kind: 'request',
    what: 'A boss makes this boss, or itself where none is named, an ordinary member.',
    data: Type.Object({ userId: Type.Optional(UserId) }),
    reasons: ['not_a_boss'],
    target: lobby('unboss'),
  },
  { data: { userId: '43' } },
);

export const lobbyKickban = defineCommand(
  {
    commandId: 'lobby/kickban',
    direction: 'user→server',
    kind: 'request',
    what: 'Removes a member, and keeps it out until the time given. A boss may; where there is none and several players are, it is put to the vote.',
    data: Type.Object({ userId: UserId, banUntil: Type.Optional(UnixTime) }),
    target: lobby('kickban'),
  },
  { data: { userId: '43', banUntil: 1_705_436_298_000_000 } },
);

export const lobbyVoteSubmit = defineCommand(
  {
    commandId: 'lobby/voteSubmit',
    direction: 'user→server',
    kind: 'request',
    what: 'Votes. Only who was a player when the vote began may.',
    data: Type.Object({ id: Id(), vote: OneOf('yes', 'no', 'abstain') }),
    target: lobby('voteSubmit'),
  },
  { data: { id: 'vote-1', vote: 'yes' } },
);

export const LOBBY_RULE_COMMANDS = [
  lobbyAddBot,
  lobbyUpdateBot,
  lobbyRemoveBot,
  lobbyAppointBoss,
  lobbyUnboss,
  lobbyKickban,
  lobbyVoteSubmit,
] as const;
