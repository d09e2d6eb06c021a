import type { Metrics } from '@muster/ports';
import type { AnyActorKind } from '@muster/runtime';
import { autohostKind } from './autohost/autohost.js';
import type { AutohostOptions } from './autohost/options.js';
import { autohostPoolKind } from './autohost/pool.js';
import { chatKind } from './chat/chat.js';
import type { ChatOptions } from './chat/options.js';
import { lobbyKind } from './lobby/lobby.js';
import type { LobbyOptions } from './lobby/options.js';
import { lobbyListKind } from './lobby-list/list.js';
import type { LobbyListOptions } from './lobby-list/options.js';
import { matchKind } from './match/match.js';
import type { MatchOptions } from './match/options.js';
import type { PartyOptions } from './party/options.js';
import { partyKind } from './party/party.js';
import type { PlayerOptions } from './player/options.js';
import { type PlayerStorage, playerKind } from './player/player.js';
import { roomListKind } from './room/list.js';
import type { RoomOptions } from './room/options.js';
import { roomKind } from './room/room.js';

export interface PlayDependencies {
  readonly storage: PlayerStorage;
  readonly metrics: Metrics;
  readonly player?: Partial<PlayerOptions>;
  readonly chat?: Partial<ChatOptions>;
  readonly party?: Partial<PartyOptions>;
  readonly room?: Partial<RoomOptions>;
  readonly lobby?: Partial<LobbyOptions>;
  readonly lobbyList?: Partial<LobbyListOptions>;
  readonly autohost?: Partial<AutohostOptions>;
  readonly match?: Partial<MatchOptions>;
}

/** Every kind of actor that players know: what each node runs. */
export function playKinds({
  storage,
  metrics,
  player,
  chat,
  party,
  room,
  lobby,
  lobbyList,
  autohost,
  match,
}: PlayDependencies): readonly AnyActorKind[] {
  return [
    playerKind({ storage, metrics, ...(player && { options: player }) }),
    chatKind({ metrics, ...(chat && { options: chat }) }),
    partyKind(party),
    roomKind(room),
    roomListKind(metrics, room),
    lobbyKind(lobby),
    lobbyListKind(metrics, lobbyList),
    autohostKind({ metrics, ...(autohost && { options: autohost }) }),
    autohostPoolKind(autohost),
    matchKind({ metrics, ...(match && { options: match }) }),
  ];
}
