import type { EntityRef } from '@muster/ports';
import type { DecideContext, Decision, EventRecord, Refusal, Send, TimerChange } from '@muster/runtime';
import type { PrivateBattle } from '@muster/tachyon';
import { type BattleEnd, type BattleMember, type BattleSetup, type HostFailure, REASON_NO_BATTLE } from './contract.js';
import type { MatchEvents, MatchRules } from './rules.js';

/** Plain JSON; changed in place by `evolve` only. */
export interface MatchState {
  /**
   * `none`: nobody has asked for it, or it is forgotten. `hosting`: it looks for a host. `running`: an engine takes players.
   * `ended`: nothing changes any more, or it never ran.
   */
  phase: 'none' | 'hosting' | 'running' | 'ended';
  owner: EntityRef | null;
  setup: BattleSetup | null;
  /** By user id: for those who started and those who joined later. */
  passwords: Record<string, string>;
  hosting: Hosting | null;
  host: Host | null;
  /** Spectators who came while it ran. */
  late: BattleMember[];
  /** Those whose actor has not been told to start. */
  untold: string[];
  ownerTold: boolean;
  hostedAt: number | null;
  /** Time of the last update that was heard, in microseconds of the autohost's clock. */
  since: number;
  /** What the engine said of each participant. */
  present: Record<string, Presence>;
  /** What each player says of who won, as the engine numbers ally teams. In the order in which they said so. */
  votes: { readonly userId: string; readonly winners: readonly number[] }[];
  ended: { readonly at: number; readonly how: BattleEnd | HostFailure; readonly stored: boolean } | null;
}

export interface Hosting {
  readonly regions: readonly string[];
  /** In which of them it looks. */
  region: number;
  /** Autohosts that were asked, the last one perhaps still. */
  tried: string[];
  /** Asked, not answered. */
  asked: string | null;
  /** Why the last one did not take it. */
  failure: HostFailure;
}

export interface Host {
  /** Id of its bot. */
  readonly autohost: string;
  readonly ip: string;
  readonly port: number;
}

export interface Presence {
  joined: boolean;
  defeated: boolean;
}

export function initialState(): MatchState {
  return {
    phase: 'none',
    owner: null,
    setup: null,
    passwords: {},
    hosting: null,
    host: null,
    late: [],
    untold: [],
    ownerTold: false,
    hostedAt: null,
    since: 0,
    present: {},
    votes: [],
    ended: null,
  };
}

export type Decided<K extends keyof MatchRules> = Decision<MatchState, MatchEvents, MatchRules[K]['reply']>;

/** Parts of a decision that several rules put together. */
export interface Parts {
  readonly events: EventRecord<MatchEvents>[];
  readonly sends: Send[];
  readonly timers: TimerChange[];
}

export function parts(): Parts {
  return { events: [], sends: [], timers: [] };
}

export const HOSTING_TIMER = 'hosting';
export const PICK_TIMER = 'pick';
export const TELL_TIMER = 'tell';
export const HOLD_TIMER = 'hold';
export const LENGTH_TIMER = 'length';
export const FORGET_TIMER = 'forget';

/** Everybody who takes part, players first. */
export function membersOf({ setup, late }: MatchState): readonly BattleMember[] {
  return setup ? [...setup.players, ...setup.spectators, ...late] : [];
}

/** @returns why this sender may not give orders, or undefined. */
export function refuseStranger({ owner }: MatchState, { origin }: DecideContext): Refusal | undefined {
  if (origin.type === 'admin') return undefined;
  const isOwner = origin.type === 'entity' && origin.from.kind === owner?.kind && origin.from.id === owner.id;
  return isOwner ? undefined : { reason: 'unauthorized', details: 'this is for whoever the battle belongs to' };
}

export function refuseUnlessRunning({ phase }: MatchState): Refusal | undefined {
  return phase === 'running' ? undefined : { reason: REASON_NO_BATTLE };
}

/** What `player` needs to join. */
export function privateBattle({ setup, host, passwords }: MatchState, { userId, name }: BattleMember): PrivateBattle {
  const { engineVersion, gameName, mapName } = setup!;
  return {
    username: name,
    password: passwords[userId]!,
    ip: host!.ip,
    port: host!.port,
    engine: { version: engineVersion },
    game: { springName: gameName },
    map: { springName: mapName },
  };
}
