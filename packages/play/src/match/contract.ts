import type { EntityRef } from '@muster/ports';
import type { PrivateBattle, StartBox } from '@muster/tachyon';

// What a lobby (later a queue) and a match say to each other. The lobby draws the battle's id; `match/<battleId>` is the battle.
//
//   lobby ── host ──► match ── pool, autohost/start, … ──► battleHosted │ battleHostFailed ──► lobby
//   lobby ── joinBattle, kickPlayer, confirmBattle, … ──► match                         battleEnded ──► lobby
//   match ── battleStart, battleOver ──► player            player ── confirmBattle ──► match
//
// Every command is a send: it is repeated until answered, also by the next owner of either side. Nothing here is deferred, so that a match
// that waits for its host holds up nobody.

/** `match/<battleId>`; a battle id is a UUID. */
export const MATCH_KIND = 'match';

/** Somebody in a battle. */
export interface BattleMember {
  readonly userId: string;
  /** Username: unique, as the engine wants it. */
  readonly name: string;
  readonly countryCode?: string;
}

/** A seat as a lobby counts it: ally team, team and player are numbers as text. */
export interface Seat {
  readonly allyTeam: string;
  readonly team: string;
  readonly player: string;
}

export interface BattlePlayer extends BattleMember, Seat {}

export interface BattleBot extends Seat {
  readonly hostUserId: string;
  readonly name?: string;
  readonly shortName: string;
  readonly version?: string;
  readonly options?: Readonly<Record<string, string>>;
}

export type StartPosType = 'fixed' | 'random' | 'ingame' | 'beforegame';

/** Everything that the start script is made from, as the lobby has it when its battle starts. */
export interface BattleSetup {
  readonly engineVersion: string;
  readonly gameName: string;
  readonly mapName: string;
  /** Absent: `ingame`. */
  readonly startPosType?: StartPosType;
  /** Key of the ally team → its start box. Ally teams nobody sits in are left out of the script. */
  readonly allyTeams: Readonly<Record<string, { readonly startBox?: StartBox }>>;
  readonly players: readonly BattlePlayer[];
  readonly bots: readonly BattleBot[];
  readonly spectators: readonly BattleMember[];
  readonly gameOptions: Readonly<Record<string, string>>;
  readonly mapOptions?: Readonly<Record<string, string>>;
  /** Of the lobby; kept with the result. */
  readonly tags?: readonly string[];
}

export interface HostData {
  /** Gets {@link MatchOwnerCommands}. */
  readonly owner: EntityRef;
  readonly setup: BattleSetup;
  /** Where to look for a host, in this order. Absent: the default region. */
  readonly regions?: readonly string[];
}

/** Why no host took the battle. The lobby may ask again under another battle id. */
export type HostFailure = 'no_autohost' | 'no_engine' | 'refused' | 'timed_out';

/** What ended a battle. */
export type BattleEnd = 'quit' | 'crashed' | 'killed' | 'host_lost' | 'too_long';

/** Refusal of whatever needs a running battle. */
export const REASON_NO_BATTLE = 'no_battle';
/** Refusal of `joinBattle`: 254 are in it. */
export const REASON_BATTLE_FULL = 'battle_full';
/** Refusal of what concerns somebody who is not in the battle. */
export const REASON_NOT_IN_BATTLE = 'not_in_battle';

/** What a match understands, beside what autohosts tell it. Its owner may send all of it, an operator what follows `joinBattle`. */
export interface MatchCommands {
  /** Looks for a host. Asking again changes nothing. Refused (`invalid_request`) where the setup makes no battle: nobody plays. */
  host: { data: HostData; reply: null };
  /** Somebody who did not start with the others, as a spectator; for who is in it already, `battle/start` once more. Refused: no_battle, battle_full. */
  joinBattle: { data: BattleMember; reply: null };
  kickPlayer: { data: { readonly userId: string }; reply: null };
  mutePlayer: { data: { readonly userId: string; readonly chat: boolean; readonly draw: boolean }; reply: null };
  specPlayers: { data: { readonly userIds: readonly string[] }; reply: null };
  sendMessage: { data: { readonly message: string }; reply: null };
  sendCommand: { data: { readonly command: string; readonly arguments?: readonly string[] }; reply: null };
  kill: { data: unknown; reply: null };
  /** From a player's actor that may have lost something: does this battle go on, with this player in it? From the owner, without a user: is it
   *  being hosted, or does it go on? */
  confirmBattle: { data: { readonly userId?: string }; reply: { readonly runs: boolean } };
}

/** What the owner of a match must understand. An answer other than `ok` counts as heard. */
export interface MatchOwnerCommands {
  /** The engine takes players, and every player's actor was told. `startedAt`: wall clock. */
  battleHosted: { data: { readonly battleId: string; readonly startedAt: number }; reply: null };
  battleHostFailed: { data: { readonly battleId: string; readonly reason: HostFailure }; reply: null };
  battleEnded: { data: { readonly battleId: string; readonly how: BattleEnd }; reply: null };
}

/** What a player's actor must understand. */
export interface MatchPlayerCommands {
  battleStart: { data: { readonly battleId: string; readonly battle: PrivateBattle }; reply: null };
  /** The battle is over; `ended` is the data of `battle/ended`. */
  battleOver: { data: BattleEnded; reply: null };
}

/** Data of `battle/ended`. */
export interface BattleEnded {
  readonly battleId: string;
  readonly players: readonly (Seat & { readonly userId: string })[];
  readonly spectators: readonly { readonly userId: string }[];
  /** Keys of ally teams as the lobby counts them; empty: nobody won. */
  readonly winningAllyTeamIds: readonly string[];
}
