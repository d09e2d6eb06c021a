// What others may know of `lobby/<id>`: who talks to it, in which words.
//
//   player/42 ── admit, leave, confirm ──►  lobby/7  ── host, joinBattle ──► match/<battle>    (match/contract.ts)
//      ▲                                     │ │ │ └── chatMembers ──► chat/lobby:7            (chat/contract.ts)
//      ├── dismissed, confirmLobby ◄─────────┘ │ └──── listed ──► lobby-list/<n>               (lobby-list/contract.ts)
//      └── lobby/updated ◄── gateways ◄── topic members
//
// A player owns its membership (K12, membership/protocol.ts); all other commands of its client go to the lobby itself.
import type { Adopted, Answer } from '@muster/runtime';
import type { LobbyDetails, LobbyPatch, RequestData, VoteOutcome } from '@muster/tachyon';
import type { MatchOwnerCommands } from '../match/contract.js';
import type { Op } from '../membership/protocol.js';
import type { RuleData } from './rules.js';
import type { NewLobby } from './settings.js';
import type { Lobby } from './state.js';

/** `lobby/<id>`; an id is a UUID that the creating player's actor draws. */
export const LOBBY_KIND = 'lobby';

/** Snapshot: {@link LobbyDetails}. Publications: `lobby/updated`, `lobby/voteEnded`, as its members' clients get them. */
export const MEMBERS_TOPIC = 'members';

/** Refusal of a client's command: this player is not in the lobby. The gateway asks the player's actor where it is. */
export const REASON_NOT_A_MEMBER = 'not_a_member';

/** Who comes. */
export interface Newcomer {
  /** Username. */
  readonly name: string;
  readonly countryCode: string;
}

export interface AdmitData {
  readonly op: Op;
  readonly who: Newcomer;
  /** The lobby is to be opened with these settings; it must not exist. */
  readonly create?: NewLobby;
}

/** What a lobby understands from other actors. */
export interface LobbyCommands {
  /** From the player's actor. Refused: lobby_full, banned, `invalid_request` where there is no such lobby. Again: the details once more. */
  admit: { data: AdmitData; reply: LobbyDetails };
  leave: { data: { readonly op: Op }; reply: null };
  confirm: { data: { readonly op: Op }; reply: { readonly member: boolean } };
}

/** What a player's actor must understand of a lobby. */
export interface LobbyPlayerCommands {
  /** It is not in the lobby any more, and did not ask for that. `bannedUntil`: microseconds. */
  dismissedFromLobby: {
    data: { readonly op: Op; readonly reason: 'kicked' | 'banned'; readonly bannedUntil?: number };
    reply: null;
  };
  /** Is it in this lobby, under this op? */
  confirmLobby: {
    data: { readonly op: Op };
    reply: { readonly member: true; readonly op: Op } | { readonly member: false };
  };
}

/** Commands of the kind: its contract, its members' commands, and what it sends itself. */
export type OwnLobbyCommands = LobbyCommands &
  MatchOwnerCommands & {
    [K in keyof RuleData]: {
      data: RuleData[K];
      reply: K extends 'addBot' ? { readonly id: string } : null;
    };
  } & {
    startBattle: { data: RequestData<'lobby/startBattle'>; reply: null };
    joinBattle: { data: RequestData<'lobby/joinBattle'>; reply: null };
    hostAnswered: { data: Answer; reply: null };
    joinBattleAnswered: { data: Answer; reply: null };
    playerConfirmed: { data: Answer; reply: null };
    listAnswered: { data: Answer; reply: null };
    voteOver: { data: { readonly id: string }; reply: null };
    listDue: { data: unknown; reply: null };
    auditDue: { data: unknown; reply: null };
    adopted: { data: Adopted; reply: null };
  };

/** What happens to a lobby. A change is what is to be done to its state, not why: rules may change without old records meaning something else. */
export interface LobbyEvents {
  opened: { readonly lobby: Lobby };
  changed: {
    /** What members are sent; absent: nothing that they see. */
    readonly details?: LobbyPatch;
    /** Merge patch of what they do not see. */
    readonly inside?: Readonly<Record<string, unknown>>;
    readonly ended?: readonly { readonly id: string; readonly outcome: VoteOutcome }[];
    /** Members before or after who are not told: they have it from their reply, or are out. */
    readonly untold?: readonly string[];
  };
  closed: null;
}
