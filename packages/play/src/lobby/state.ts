import type { Refusal } from '@muster/runtime';
import type { LobbyDetails } from '@muster/tachyon';
import type { Op } from '../membership/protocol.js';
import type { Access, Guesses } from './access.js';

export type Details = Readonly<LobbyDetails>;
export type Player = Details['players'][string];
export type Spectator = Details['spectators'][string];
export type Bot = Details['bots'][string];
export type Vote = NonNullable<Details['currentVote']>;

/** A lobby. Rules never change one: they make another. */
export interface Lobby {
  /** What members have, in the very form in which they have it: the merge patch that they are sent is what is done to it. */
  readonly details: Details;
  /** What they have not. No value in it is null, so that a merge patch can say everything. */
  readonly inside: Inside;
}

export interface Inside {
  /** Whoever is in the details is here too. */
  readonly members: Readonly<Record<string, Member>>;
  /** User id → end of the ban, in microseconds since the Unix epoch. */
  readonly bans: Readonly<Record<string, number>>;
  /** Bots added and votes begun so far: no number is given twice. */
  readonly bots: number;
  readonly votes: number;
  /** What is being done about a battle; absent: none runs. */
  readonly battle?: Battle;
  /** Absent: whoever wants comes in. */
  readonly access?: Access;
  /** By user, lately. */
  readonly guesses?: Readonly<Record<string, Guesses>>;
  /** What the list of lobbies was told last; absent: nothing. */
  readonly listed?: Listed;
}

export interface Member {
  /** Of the membership (membership/protocol.ts). */
  readonly op: Op;
  /** Username: what engines know players by. */
  readonly name: string;
  readonly countryCode: string;
}

export interface Battle {
  readonly id: string;
  /** Client that waits for a host to be found; absent: it was answered. */
  readonly ticket?: string;
}

export interface Listed {
  /** Wall clock. */
  readonly at: number;
  /** The list has not answered yet. */
  readonly unanswered: boolean;
  /** Something was to be told meanwhile. */
  readonly isOld: boolean;
}

/** What a rule says to a command: the lobby as it is then (the same one: nothing happens), or why not. */
export type Ruling = Lobby | Refusal;

export function isRefusal(ruling: Ruling): ruling is Refusal {
  return 'reason' in ruling;
}

export function refusal(reason: string, details?: string): Refusal {
  return { reason, details };
}

/** What the published schemas have no reason of its own for. */
export function invalid(details: string): Refusal {
  return { reason: 'invalid_request', details };
}

export function withDetails(lobby: Lobby, changes: Partial<LobbyDetails>): Lobby {
  return { ...lobby, details: { ...lobby.details, ...changes } };
}

export function withInside(lobby: Lobby, changes: Partial<Inside>): Lobby {
  return { ...lobby, inside: { ...lobby.inside, ...changes } };
}

export function isMember({ players, spectators }: Details, userId: string): boolean {
  return Object.hasOwn(players, userId) || Object.hasOwn(spectators, userId);
}

export function isPlayer({ players }: Details, userId: string): boolean {
  return Object.hasOwn(players, userId);
}

export function memberIds({ players, spectators }: Details): readonly string[] {
  return [...Object.keys(players), ...Object.keys(spectators)];
}

/** Whom a battle would have to take: all members, and bots. */
export function participants(details: Details): number {
  return memberIds(details).length + Object.keys(details.bots).length;
}

/** The record without a key; itself where it has none. */
export function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  if (!Object.hasOwn(record, key)) return record;
  const { [key]: _, ...rest } = record;
  return rest;
}
