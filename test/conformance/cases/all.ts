import { AUTOHOST_CASES } from './autohost.js';
import { BATTLE_CASES } from './battle.js';
import type { Case } from './case.js';
import { CHAT_CASES } from './chat.js';
import { CLAN_CASES } from './clan.js';
import { FRIEND_CASES } from './friend.js';
import { HOSTING_CASES } from './hosting.js';
import { BATTLE_LIVES, LIVES } from './lives.js';
import { LOBBY_CASES } from './lobby.js';
import { LOBBY_LIST_CASES } from './lobby-list.js';
import { VOTE_CASES } from './lobby-votes.js';
import { MESSAGING_CASES } from './messaging.js';
import { PARTY_CASES } from './party.js';
import { PRIVATE_LOBBY_CASES } from './private-lobby.js';
import { AUTOHOST_ROOM_CASES, ROOM_CASES } from './rooms.js';
import { SYSTEM_CASES } from './system.js';
import { USER_CASES } from './user.js';

/** Every case. A new file of cases is one line here. */
export const CASES: readonly Case[] = [
  ...SYSTEM_CASES,
  ...USER_CASES,
  ...MESSAGING_CASES,
  ...FRIEND_CASES,
  ...LOBBY_CASES,
  ...VOTE_CASES,
  ...HOSTING_CASES,
  ...LOBBY_LIST_CASES,
  ...PRIVATE_LOBBY_CASES,
  ...CHAT_CASES,
  ...ROOM_CASES,
  ...BATTLE_CASES,
  ...CLAN_CASES,
  ...AUTOHOST_CASES,
  ...AUTOHOST_ROOM_CASES,
  ...LIVES,
  ...BATTLE_LIVES,
  ...PARTY_CASES,
];

/** Those that play with autohosts: whoever is played beside them would be given theirs. */
export const ONE_AT_A_TIME: ReadonlySet<Case> = new Set([
  ...HOSTING_CASES,
  ...BATTLE_CASES,
  ...AUTOHOST_CASES,
  ...AUTOHOST_ROOM_CASES,
  ...BATTLE_LIVES,
]);
