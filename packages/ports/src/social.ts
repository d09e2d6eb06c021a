import type { Millis } from './clock.js';
import type { PlayerId } from './ids.js';

/**
 * Names a write, so that it happens once however often it is asked for, by whatever process: `number` grows for each `sender` and
 * `receiver`. The last one's result is kept beside what it wrote, and a repeat gets it.
 */
export interface Operation {
  /** `kind/id` of who asked, as in its send. */
  readonly sender: string;
  /** `kind/id` of whom it asked: a sender's sends to one receiver come one at a time. */
  readonly receiver: string;
  readonly number: number;
}

/** What a rule makes of the facts: what changes, if anything, and what to answer. Must survive JSON. */
export interface Ruling<Change, Result> {
  readonly changes: readonly Change[];
  readonly result: Result;
}

/** Whom a player knows. `version` grows with each change of any of it; of two, the higher is the later. */
export interface Ties {
  readonly version: number;
  /** Each by user id, which is also the order. */
  readonly friends: readonly { readonly userId: PlayerId; readonly since: Millis }[];
  readonly outgoing: readonly { readonly to: PlayerId; readonly sentAt: Millis }[];
  readonly incoming: readonly { readonly from: PlayerId; readonly sentAt: Millis }[];
  readonly ignored: readonly PlayerId[];
}

/** How many of each a player has. */
export interface TieCounts {
  readonly friends: number;
  readonly outgoing: number;
  readonly incoming: number;
  readonly ignored: number;
}

/** What two players are to each other, from the side of the one who asks. Times are null where it is not so. */
export interface PairFacts {
  readonly mine: TieCounts;
  readonly theirs: TieCounts;
  readonly friendsSince: Millis | null;
  /** By me. */
  readonly requestedAt: Millis | null;
  /** By the other. */
  readonly requestedByThemAt: Millis | null;
  readonly isIgnored: boolean;
  readonly ignoresMe: boolean;
}

/** What becomes of a pair: what is absent stays; null ends it. Making friends does not end requests by itself. */
export interface PairChange {
  readonly friendsSince?: Millis | null;
  readonly requestedAt?: Millis | null;
  readonly requestedByThemAt?: Millis | null;
  readonly ignoredAt?: Millis | null;
}

/** Friends, friend requests and whom somebody ignores. */
export interface Friendships {
  /** Nobody's, where there is no such account. */
  of(id: PlayerId): Promise<Ties>;
  /**
   * Reads what the two are to each other, lets `decide` rule on it and writes the changes, as one step that nobody comes between.
   * `decide` gets undefined where either has no account, and may be called more than once; it must do nothing but decide.
   * @returns its result, or what it was the first time. @throws MusterError TOO_OLD: a later number of this sender was heard
   */
  change<Result>(
    operation: Operation,
    me: PlayerId,
    other: PlayerId,
    decide: (facts: PairFacts | undefined) => Ruling<PairChange, Result>,
  ): Promise<Result>;
}

export type ClanRank = 'member' | 'coLeader' | 'leader';

/** What a clan calls itself. */
export interface ClanText {
  readonly name: string;
  readonly tag: string;
  readonly language: string;
  readonly description?: string;
}

export interface ClanMember {
  readonly userId: PlayerId;
  readonly role: ClanRank;
  readonly joinedAt: Millis;
}

export interface ClanRecord extends ClanText {
  readonly clanId: string;
  readonly createdAt: Millis;
  /** Who joined first comes first. */
  readonly members: readonly ClanMember[];
  /** Who was invited first comes first. */
  readonly invited: readonly PlayerId[];
}

/** What is shown of a clan beside its members' names. */
export type ClanBase = Pick<ClanRecord, 'clanId' | 'name' | 'tag' | 'language'>;

/** A player's clan and invitations. `version` as in {@link Ties}: it grows with each change of what is here. */
export interface ClanTies {
  readonly version: number;
  readonly clan: ClanBase | null;
  /** Ids of clans; the latest last. */
  readonly invites: readonly string[];
}

/** What a rule about clans gets to see. */
export interface ClanFacts {
  /** The clan asked about; absent a question, that of who asks. */
  readonly clan: ClanRecord | undefined;
  /** The clan that who asks is in. */
  readonly myClanId: string | undefined;
  /** Undefined: no account, or nobody was named. */
  readonly other:
    | { readonly clanId: string | undefined; readonly invites: number; readonly ignoresMe: boolean }
    | undefined;
  /** By another clan than {@link clan}. Case does not count. */
  readonly nameTaken: boolean;
  readonly tagTaken: boolean;
}

export type ClanChange =
  | { readonly type: 'found'; readonly clanId: string; readonly text: ClanText; readonly leader: PlayerId }
  | { readonly type: 'rename'; readonly clanId: string; readonly text: ClanText }
  | { readonly type: 'disband'; readonly clanId: string }
  /** Whatever invited the player to whichever clan stays, but for this one's. */
  | { readonly type: 'join'; readonly clanId: string; readonly userId: PlayerId }
  | { readonly type: 'leave'; readonly clanId: string; readonly userId: PlayerId }
  | { readonly type: 'rank'; readonly clanId: string; readonly userId: PlayerId; readonly role: ClanRank }
  | { readonly type: 'invite'; readonly clanId: string; readonly userId: PlayerId }
  | { readonly type: 'uninvite'; readonly clanId: string; readonly userId: PlayerId };

/** What a rule about clans asks to see. */
export interface ClanQuestion {
  readonly me: PlayerId;
  readonly clanId?: string;
  readonly other?: PlayerId;
  /** Whether they are taken. */
  readonly text?: Pick<ClanText, 'name' | 'tag'>;
}

export interface Clans {
  byId(clanId: string): Promise<ClanRecord | undefined>;
  /** By name, at most `max`. */
  list(max: number): Promise<readonly ClanBase[]>;
  /** Of each, in this order. */
  of(ids: readonly PlayerId[]): Promise<readonly ClanTies[]>;
  /** As {@link Friendships.change}; `at` is when what it decides happened. */
  change<Result>(
    operation: Operation,
    question: ClanQuestion,
    at: Millis,
    decide: (facts: ClanFacts) => Ruling<ClanChange, Result>,
  ): Promise<Result>;
}

export interface Report {
  readonly id: string;
  readonly reporter: PlayerId;
  readonly users: readonly PlayerId[];
  /** As the client names it. */
  readonly type: string;
  readonly message: string;
  readonly at: Millis;
}

/** Something that keeps a player out. */
export interface Ban {
  readonly id: string;
  readonly userId: PlayerId;
  readonly reason: string;
  /** Who decided it. */
  readonly by: string;
  readonly at: Millis;
  /** null: for good. */
  readonly until: Millis | null;
  readonly liftedAt: Millis | null;
  readonly liftedBy: string | null;
}

export interface Moderation {
  /** Keeps a report, where all who are named exist and the reporter has filed fewer than `max` since `since`. @throws MusterError TOO_OLD */
  file(
    operation: Operation,
    report: Omit<Report, 'id'>,
    limit: { readonly max: number; readonly since: Millis },
  ): Promise<'filed' | 'unknown_user' | 'too_many'>;
  /** Newest first, those before `before` where it is given. */
  reports(page: {
    readonly max: number;
    readonly before?: string;
    readonly about?: PlayerId;
  }): Promise<readonly Report[]>;
  /** Keeps the account out until then; an earlier ban that ends later stays. @throws MusterError NOT_FOUND, INVALID_REQUEST */
  ban(ban: Pick<Ban, 'userId' | 'reason' | 'by' | 'until'>): Promise<Ban>;
  /** Ends every ban of the account. @returns how many there were */
  lift(id: PlayerId, by: string): Promise<number>;
  /** Bans that were decided since then and stand now, the newest first. */
  standing(since: Millis, max: number): Promise<readonly Ban[]>;
  /** Newest first. */
  bansOf(id: PlayerId, max: number): Promise<readonly Ban[]>;
}

/** A battle that is over. */
export interface BattleRecord {
  readonly battleId: string;
  readonly hostId: string | null;
  readonly engineVersion: string;
  readonly gameName: string;
  readonly mapName: string;
  readonly tags: readonly string[];
  readonly startedAt: Millis;
  readonly endedAt: Millis;
  /** How it ended, as the match says. */
  readonly how: string;
  /** Empty: nobody won. */
  readonly winningAllyTeams: readonly string[];
  readonly players: readonly BattleParticipant[];
}

export interface BattleParticipant {
  readonly userId: PlayerId;
  /** null: a spectator. */
  readonly allyTeam: string | null;
  readonly team: string | null;
}

export interface Battles {
  /** The first record of a battle stays; another one changes nothing. @throws MusterError INVALID_REQUEST */
  record(battle: BattleRecord): Promise<void>;
  byId(battleId: string): Promise<BattleRecord | undefined>;
  /** Ids of the player's battles, the latest first. */
  of(id: PlayerId, max: number): Promise<readonly string[]>;
}
