import {
  type Accounts,
  type Battles,
  type Clans,
  type Clock,
  epoch,
  type Friendships,
  type Grants,
  type Moderation,
  MusterError,
  type PlayerId,
  type Players,
  type Random,
  type Regime,
  type ShardStore,
  type SigningKey,
  type SigningKeys,
  type Storage,
  type StoredGrant,
  term,
  uuid,
} from '@muster/ports';
import { MemoryShardStore } from '../shard-store/memory-shard-store.js';
import { MemoryAccounts, requireRoom } from './memory-accounts.js';
import { MemoryBattles } from './memory-battles.js';
import { MemoryClans } from './memory-clans.js';
import { MemoryFriendships } from './memory-friendships.js';
import { MemoryModeration } from './memory-moderation.js';
import { MemoryOperations } from './memory-operations.js';
import { checkGrant, checkKey, requireInstant } from './storable.js';

/** {@link Storage} that forgets everything with the process. Deterministic: nothing waits for anything outside the turn. */
export class MemoryStorage implements Storage {
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly keys: SigningKeys;
  readonly regime: Regime;
  readonly shards: ShardStore;
  readonly friendships: Friendships;
  readonly clans: Clans;
  readonly moderation: Moderation;
  readonly battles: Battles;
  readonly players: Players;
  private readonly memoryShards: MemoryShardStore;
  private readonly random: Random;
  private name: string | undefined;
  private closed = false;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    const open = (): void => {
      if (this.closed) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'it is closed' });
    };
    const accounts = new MemoryAccounts(clock, random, open);
    const operations = new MemoryOperations();
    const exists = (id: PlayerId): boolean => accounts.has(id);
    this.accounts = accounts;
    const friendships = new MemoryFriendships(operations, exists, open);
    const ignores = (id: PlayerId, whom: PlayerId): boolean => friendships.ignores(id, whom);
    this.friendships = friendships;
    this.clans = new MemoryClans(operations, { exists, ignores }, open);
    this.moderation = new MemoryModeration(accounts, operations, clock, open);
    this.battles = new MemoryBattles(open);
    this.players = memoryPlayers(this);
    this.grants = memoryGrants(open);
    this.keys = memoryKeys(open);
    this.regime = memoryRegime(open);
    this.memoryShards = new MemoryShardStore({ clock });
    this.shards = this.memoryShards;
    this.random = random;
  }

  get identity(): string {
    this.name ??= uuid(this.random);
    return this.name;
  }

  async ping(): Promise<void> {
    if (this.closed) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'it is closed' });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.memoryShards.close();
  }
}

function memoryPlayers({ accounts, friendships, clans }: Pick<Storage, 'accounts' | 'friendships' | 'clans'>): Players {
  return {
    async read(id) {
      const [account, ties, [clan]] = await Promise.all([accounts.byId(id), friendships.of(id), clans.of([id])]);
      return account && { account, ties, clan: clan! };
    },
  };
}

function memoryGrants(open: () => void): Grants {
  const grants = new Map<string, StoredGrant>();
  const keyOf = (kind: string, hash: string): string => `${kind}/${hash}`;
  const remove = (matches: (grant: StoredGrant) => boolean): number => {
    let removed = 0;
    for (const [key, grant] of grants) if (matches(grant) && grants.delete(key)) removed += 1;
    return removed;
  };
  return {
    async put(grant) {
      open();
      checkGrant(grant);
      const key = keyOf(grant.kind, grant.hash);
      if (grants.has(key)) throw new MusterError('ALREADY_EXISTS', { what: `${grant.kind} grant` });
      requireRoom(grants);
      grants.set(key, { ...grant, detail: { ...grant.detail } });
    },
    async take(kind, hash) {
      open();
      const key = keyOf(kind, hash);
      const grant = grants.get(key);
      grants.delete(key);
      return grant;
    },
    async revokeAll(subject, clientId) {
      open();
      return remove((grant) => grant.subject === subject && grant.clientId === clientId);
    },
    async sweep(now) {
      open();
      return remove((grant) => grant.expiresAt < now);
    },
  };
}

function memoryKeys(open: () => void): SigningKeys {
  const keys: SigningKey[] = [];
  return {
    async list() {
      open();
      return [...keys];
    },
    async putFirst(key) {
      open();
      checkKey(key);
      if (keys.length === 0) keys.push({ ...key });
      return keys[0]!;
    },
  };
}

function memoryRegime(open: () => void): Regime {
  let highest = { epoch: epoch(0), term: term(0), revision: 0 };
  return {
    async highest() {
      open();
      return highest;
    },
    async raise(newEpoch, newTerm, revision) {
      open();
      requireInstant('epoch', newEpoch);
      requireInstant('term', newTerm);
      requireInstant('revision', revision);
      const known = highest.revision;
      highest = {
        epoch: epoch(Math.max(highest.epoch, newEpoch)),
        term: term(Math.max(highest.term, newTerm)),
        revision: newEpoch > highest.epoch ? revision : newEpoch === highest.epoch ? Math.max(known, revision) : known,
      };
    },
  };
}
