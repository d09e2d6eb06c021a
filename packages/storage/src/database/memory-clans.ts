import {
  type ClanBase,
  type ClanChange,
  type ClanFacts,
  type ClanQuestion,
  type ClanRecord,
  type Clans,
  type ClanText,
  type ClanTies,
  type Millis,
  MusterError,
  type Operation,
  type PlayerId,
  type Ruling,
} from '@muster/ports';
import { touchedBy } from './clan-changes.js';
import type { MemoryOperations } from './memory-operations.js';
import { checkClanText, usernameKey } from './storable.js';

/** What other parts of the storage know of players. */
export interface PlayersKnown {
  exists(id: PlayerId): boolean;
  ignores(id: PlayerId, whom: PlayerId): boolean;
}

export class MemoryClans implements Clans {
  private readonly clans = new Map<string, ClanRecord>();
  /** Clan by member. */
  private readonly members = new Map<PlayerId, string>();
  /** Ids of clans by player. */
  private readonly invites = new Map<PlayerId, string[]>();
  private readonly versions = new Map<PlayerId, number>();
  private readonly operations: MemoryOperations;
  private readonly players: PlayersKnown;
  private readonly open: () => void;

  constructor(operations: MemoryOperations, players: PlayersKnown, open: () => void) {
    this.operations = operations;
    this.players = players;
    this.open = open;
  }

  async byId(clanId: string): Promise<ClanRecord | undefined> {
    this.open();
    return this.clans.get(clanId);
  }

  async list(max: number): Promise<readonly ClanBase[]> {
    this.open();
    const sorted = [...this.clans.values()].sort((a, b) => (usernameKey(a.name) < usernameKey(b.name) ? -1 : 1));
    return sorted.slice(0, max).map(base);
  }

  async of(ids: readonly PlayerId[]): Promise<readonly ClanTies[]> {
    this.open();
    return ids.map((id) => {
      const clan = this.clans.get(this.members.get(id) ?? '');
      const invites = [...(this.invites.get(id) ?? [])];
      return { version: this.versions.get(id) ?? 0, clan: clan ? base(clan) : null, invites };
    });
  }

  async change<Result>(
    operation: Operation,
    question: ClanQuestion,
    at: Millis,
    decide: (facts: ClanFacts) => Ruling<ClanChange, Result>,
  ): Promise<Result> {
    this.open();
    return this.operations.once(operation, () => {
      const facts = this.facts(question);
      const { changes, result } = decide(facts);
      for (const change of changes) {
        this.apply(change, at);
        for (const id of touchedBy(change, facts.clan)) this.versions.set(id, (this.versions.get(id) ?? 0) + 1);
      }
      return result;
    });
  }

  private facts({ me, clanId, other, text }: ClanQuestion): ClanFacts {
    const myClanId = this.members.get(me);
    const clan = this.clans.get(clanId ?? myClanId ?? '');
    const others = [...this.clans.values()].filter((one) => one.clanId !== clan?.clanId);
    const isTaken = (of: (text: Pick<ClanText, 'name' | 'tag'>) => string): boolean =>
      text !== undefined && others.some((one) => usernameKey(of(one)) === usernameKey(of(text)));
    return {
      clan,
      myClanId,
      other:
        other !== undefined && this.players.exists(other)
          ? {
              clanId: this.members.get(other),
              invites: this.invites.get(other)?.length ?? 0,
              ignoresMe: this.players.ignores(other, me),
            }
          : undefined,
      nameTaken: isTaken(({ name }) => name),
      tagTaken: isTaken(({ tag }) => tag),
    };
  }

  private apply(change: ClanChange, at: Millis): void {
    const { clanId } = change;
    if (change.type === 'found') {
      checkClanText(change.text);
      this.clans.set(clanId, { clanId, ...change.text, createdAt: at, members: [], invited: [] });
      this.join(clanId, change.leader, 'leader', at);
      return;
    }
    const clan = this.clans.get(clanId);
    if (!clan) throw new MusterError('NOT_FOUND', { what: `clan ${clanId}` });
    switch (change.type) {
      case 'rename': {
        checkClanText(change.text);
        const { description: _, ...rest } = clan;
        this.clans.set(clanId, { ...rest, ...change.text });
        return;
      }
      case 'disband':
        for (const { userId } of clan.members) this.members.delete(userId);
        for (const userId of clan.invited) this.uninvite(clanId, userId);
        this.clans.delete(clanId);
        return;
      case 'join':
        this.uninvite(clanId, change.userId);
        this.join(clanId, change.userId, 'member', at);
        return;
      case 'leave':
        this.members.delete(change.userId);
        this.put(clanId, { members: clan.members.filter(({ userId }) => userId !== change.userId) });
        return;
      case 'rank': {
        const { userId, role } = change;
        this.put(clanId, { members: clan.members.map((one) => (one.userId === userId ? { ...one, role } : one)) });
        return;
      }
      case 'invite':
        if (clan.invited.includes(change.userId)) return;
        this.invites.set(change.userId, [...(this.invites.get(change.userId) ?? []), clanId]);
        this.put(clanId, { invited: [...clan.invited, change.userId] });
        return;
      case 'uninvite':
        this.uninvite(clanId, change.userId);
    }
  }

  private join(clanId: string, userId: PlayerId, role: 'leader' | 'member', joinedAt: Millis): void {
    this.members.set(userId, clanId);
    this.put(clanId, { members: [...this.clans.get(clanId)!.members, { userId, role, joinedAt }] });
  }

  private uninvite(clanId: string, userId: PlayerId): void {
    this.invites.set(
      userId,
      (this.invites.get(userId) ?? []).filter((id) => id !== clanId),
    );
    this.put(clanId, { invited: this.clans.get(clanId)!.invited.filter((id) => id !== userId) });
  }

  private put(clanId: string, changes: Partial<ClanRecord>): void {
    this.clans.set(clanId, { ...this.clans.get(clanId)!, ...changes });
  }
}

function base({ clanId, name, tag, language }: ClanRecord): ClanBase {
  return { clanId, name, tag, language };
}
