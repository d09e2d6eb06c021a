// What others may know of `lobby/<id>`: who talks to it, in which words.
//
//   player/42 ── admit, leave, confirm ──►  lobby/7  ── host, joinBattle ──► match/<battle>    (match/contract.ts)
//      ▲                                     │ │ │ └── chatMembers ──► chat/lobby:7            (chat/contract.ts)
//      ├── dismissed, confirm ◄──────────────┘ │ └──── listed ──► lobby-list/<n>               (lobby-list/contract.ts)
//      └── lobby/updated ◄── gateways ◄── topic members
//
// A player owns its membership (K12, membership/protocol.ts); all other commands of its client go to the lobby itself.
import type { Adopted, Answer } from '@muster/runtime';
import type { LobbyDetails, LobbyPatch, RequestData, VoteOutcome } from '@muster/tachyon';
import type { MatchOwnerCommands } from '../match/contract.js';
import type { AdmitData, PlaceCommands } from '../player/contract.js';
import type { Key } from './access.js';
import type { RuleData } from './rules.js';
import type { NewLobby } from './settings.js';
import type { Lobby } from './state.js';

/** `lobby/<id>`; an id is a UUID that the creating player's actor draws. */
export const LOBBY_KIND = 'lobby';

/** Snapshot: {@link LobbyDetails}. Publications: `lobby/updated`, `lobby/voteEnded`, as its members' clients get them. */
export const MEMBERS_TOPIC = 'members';

/** What a player's actor says of who wants in (`data` of `admit`). */
export interface LobbyWish {
  /** The lobby is to be opened with these settings; it must not exist. */
  readonly create?: NewLobby;
  /** It is to be private from the beginning. */
  readonly access?: { readonly password?: string };
  /** What it has to come into a private one. */
  readonly key?: Key;
  /** A member asks for the token with its details: the answer to its opening the lobby is kept no more. */
  readonly wantsToken?: true;
}

export interface Admitted {
  readonly details: LobbyDetails;
  /** Number of the lobby's event stream that the details are of. */
  readonly stream: number;
  /** Of a private lobby that was opened by this. */
  readonly token?: string;
}

/** What a lobby understands from other actors. */
export interface LobbyCommands extends PlaceCommands {
  /** From the player's actor. Refused: lobby_full, banned, `invalid_request` where there is no such lobby. Again: the details once more. */
  admit: { data: AdmitData; reply: Admitted };
}

/** Why a lobby has sent somebody away (`reason` of `dismissed`). `bannedUntil`: microseconds. */
export type LobbyDismissal =
  | { readonly reason: 'kicked' }
  | { readonly reason: 'banned'; readonly bannedUntil: number };

/** Commands of the kind: its contract, its members' commands, and what it sends itself. */
export type OwnLobbyCommands = LobbyCommands &
  MatchOwnerCommands & {
    [K in keyof RuleData]: {
      data: RuleData[K];
      reply: K extends 'addBot' ? { readonly id: string } : null;
    };
  } & {
    startBattle: { data: RequestData<'lobby/startBattle'>; reply: null };
    setAccess: { data: RequestData<'lobby/setAccess'>; reply: { readonly token: string | null } };
    token: { data: unknown; reply: { readonly token: string | null } };
    state: {
      data: RequestData<'lobby/state'>;
      reply: { readonly eventNumber: number; readonly details?: LobbyDetails };
    };
    joinBattle: { data: RequestData<'lobby/joinBattle'>; reply: null };
    hostAnswered: { data: Answer; reply: null };
    battleConfirmed: { data: Answer; reply: null };
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
