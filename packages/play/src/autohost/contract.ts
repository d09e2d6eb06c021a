import type { Adopted, Answer } from '@muster/runtime';
import type { AutohostStatus, AutohostUpdate, BattleUpdate } from '@muster/tachyon';
import type { AnsweredData, OpenRequest, RequestNotice } from '../requests/contract.js';
import type { RoomsEvents } from '../room/member.js';
import type { AutohostRoomCommands } from './rooms.js';

/** `autohost/<bot id>`: one connected autohost, its battles, and what it was asked. */
export const AUTOHOST_KIND = 'autohost';
/** `autohost-pool/<region>`: which autohosts have room, by their reports. */
export const AUTOHOST_POOL_KIND = 'autohost-pool';
/** Where an autohost is whose gateway names no region. */
export const DEFAULT_REGION = 'default';

/** Topic of the gateway that holds the connection. Snapshot: {@link AutohostSnapshot}. Publications: notices alone. */
export const AUTOHOST_TOPIC = 'self';

export interface AutohostSnapshot {
  /** Which connection holds the bot; null: none. */
  readonly session: string | null;
  /** What it was asked and did not answer. */
  readonly requests: readonly RequestNotice[];
}

/** Refusal of `attach`: another connection of this bot lives. The gateway closes with 1000. */
export const REASON_CONNECTED = 'connected';
/** Refusal of `attach` with `resume`, and of everything a connection says: it is not, or no longer, the one that is known. The gateway closes; the
 *  autohost comes back and replays. */
export const REASON_UNKNOWN_CONNECTION = 'unknown_connection';
/** Refusal of `update`: too much waits for matches. The gateway says it again, later. */
export const REASON_BUSY = 'busy';
/** Refusals of `startBattle`. */
export const REASON_NOT_CONNECTED = 'not_connected';
export const REASON_NO_ENGINE = 'no_engine';
export const REASON_NO_ROOM = 'no_room';

export interface AutohostAttachData {
  /** `<gateway peer>/<n>`: never used twice. */
  readonly session: string;
  /** `id#incarnation` */
  readonly gateway: string;
  readonly region: string;
  /** This socket was attached before, at another owner of the actor. */
  readonly resume: boolean;
}

/** What an update says that a match wants to know; everything else ends in this actor. */
export type MatchNews = Extract<
  BattleUpdate,
  { type: 'start' | 'finished' | 'engine_quit' | 'engine_crash' | 'player_joined' | 'player_left' | 'player_defeated' }
>;

/** An update of one battle. `time`: microseconds, the autohost's clock. */
export interface BattleNews {
  readonly time: number;
  readonly update: MatchNews;
}

/** How an attempt to start ended. `timed_out`: it may run or not. */
export type StartOutcome =
  | { readonly ok: true; readonly ips: readonly string[]; readonly port: number }
  | { readonly ok: false; readonly reason: string };

/** A battle's request to its autohost, other than `autohost/start`. */
export type BattleCommand =
  | 'autohost/addPlayer'
  | 'autohost/kickPlayer'
  | 'autohost/mutePlayer'
  | 'autohost/specPlayers'
  | 'autohost/sendMessage'
  | 'autohost/sendCommand'
  | 'autohost/kill';

export interface AutohostCommands extends AutohostRoomCommands {
  // From the gateway of the connection.
  attach: { data: AutohostAttachData; reply: null };
  detach: { data: { readonly session: string }; reply: null };
  status: { data: AutohostStatus; reply: null };
  /** In the order in which they came. What is not later than all before it is passed over: it was replayed. */
  update: { data: { readonly updates: readonly AutohostUpdate[] }; reply: null };
  answered: { data: AnsweredData; reply: null };
  // From the runtime and its own timers.
  connected: { data: { readonly subscriber: string }; reply: null };
  connectionLost: { data: { readonly subscriber: string }; reply: null };
  adopted: { data: Adopted; reply: null };
  unconfirmed: { data: { readonly session: string }; reply: null };
  goneForGood: { data: unknown; reply: null };
  orphansDue: { data: unknown; reply: null };
  requestsDue: { data: unknown; reply: null };
  reportDue: { data: unknown; reply: null };
  reported: { data: Answer; reply: null };
  newsHeard: { data: Answer; reply: null };
  // From matches; each speaks of the battle that bears its id.
  /** Refused: not_connected, no_engine, no_room. Else `hostAnswered` follows. */
  startBattle: { data: { readonly script: Readonly<Record<string, unknown>> }; reply: null };
  /** `tag`: where given, `commandAnswered` follows with it. */
  battleCommand: {
    data: {
      readonly commandId: BattleCommand;
      readonly data: Readonly<Record<string, unknown>>;
      readonly tag?: string;
    };
    reply: null;
  };
  /** From time to time: the match counts on this autohost, whatever it may have forgotten. */
  holdBattle: { data: unknown; reply: null };
  /** The match has ended. `kill`: its engine may run still. */
  forgetBattle: { data: { readonly kill: boolean }; reply: null };
  // From an operator.
  installEngine: { data: { readonly version: string }; reply: null };
}

/** What a match hears of its autohost. */
export interface AutohostMatchCommands {
  hostAnswered: { data: StartOutcome; reply: null };
  /** Refused where the match counts on another autohost, or on none. */
  hostNews: { data: { readonly news: readonly BattleNews[] }; reply: null };
  /** The autohost is away for longer than it keeps updates, or runs nothing any more. */
  hostGone: { data: unknown; reply: null };
  commandAnswered: { data: { readonly tag: string; readonly ok: boolean }; reply: null };
}

/** What an open request is for. */
export type RequestPurpose =
  /** `again`: it was refused once. */
  | { readonly for: 'subscribe'; readonly again: boolean }
  | { readonly for: 'start'; readonly battleId: string }
  | { readonly for: 'command'; readonly battleId: string; readonly tag?: string }
  | { readonly for: 'engine' };

export interface AutohostEvents extends RoomsEvents {
  attached: {
    readonly session: string;
    readonly gateway: string;
    readonly region: string;
    readonly confirmed: boolean;
  };
  superseded: { readonly session: string };
  confirmed: { readonly session: string };
  listening: { readonly process: string };
  listensNoLonger: { readonly process: string };
  adopted: null;
  lost: { readonly session: string; readonly at: number };
  statusTold: AutohostStatus;
  asked: OpenRequest<RequestPurpose>;
  requestOver: { readonly n: number };
  /** Away for longer than it keeps updates. */
  gone: null;
  battleTaken: { readonly battleId: string; readonly at: number };
  battleDropped: { readonly battleId: string; readonly lost: boolean };
  /** `news`: what waits for its match; `sent`: of which battles it is on its way. */
  heard: {
    readonly until: number;
    readonly news: Readonly<Record<string, readonly BattleNews[]>>;
    readonly sent: readonly string[];
  };
  newsDone: { readonly battleId: string };
  reporting: { readonly on: boolean };
}

/** One autohost's load, as it reports it. */
export interface PoolReport {
  readonly connected: boolean;
  readonly maxBattles: number;
  /** Those that are being started included. */
  readonly battles: number;
  readonly engines: readonly string[];
}

export interface PickData {
  readonly engine: string;
  /** Autohosts that refused already. */
  readonly not: readonly string[];
}

/** `young`: reports may still be missing, ask again. */
export type PickReply =
  | { readonly autohost: string }
  | { readonly autohost: null; readonly why: 'no_autohost' | 'no_engine'; readonly young: boolean };

export interface AutohostPoolCommands {
  report: { data: PoolReport; reply: null };
  pick: { data: PickData; reply: PickReply };
  /** It goes on elsewhere: the runtime's. */
  adopted: { data: Adopted; reply: null };
}
