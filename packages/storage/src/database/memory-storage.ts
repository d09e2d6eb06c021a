import {
  type Account,
  type Accounts,
  type Bot,
  type Clock,
  epoch,
  type Grants,
  MusterError,
  playerId,
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
import { hashSecretSync, SALT_BYTES, secretMatchesSync } from './secrets.js';
import { checkAccount, checkBot, checkGrant, checkKey, isStorable, requireInstant, usernameKey } from './storable.js';

/** Most rows of one table: the memory form is for tests and the simulator, a leak there shall be seen. */
const ROWS_MAX = 1_000_000;
/** scrypt's N here: the hash never leaves the process, and a simulated sign-in shall not take 50 ms. */
const MEMORY_SECRET_COST = 16;

/** {@link Storage} that forgets everything with the process. Deterministic: nothing waits for anything outside the turn. */
export class MemoryStorage implements Storage {
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly keys: SigningKeys;
  readonly regime: Regime;
  readonly shards: ShardStore;
  private readonly memoryShards: MemoryShardStore;
  private readonly random: Random;
  private name: string | undefined;
  private closed = false;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    const open = (): void => {
      if (this.closed) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'it is closed' });
    };
    this.accounts = memoryAccounts(clock, random, open);
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

interface BotRow {
  readonly bot: Bot;
  readonly secretHash: string;
}

function memoryAccounts(clock: Clock, random: Random, open: () => void): Accounts {
  const byKey = new Map<string, Account>();
  const byId = new Map<string, Account>();
  const bots = new Map<string, BotRow>();
  return {
    async byId(id) {
      open();
      return byId.get(id);
    },
    async byUsername(username) {
      open();
      return byKey.get(usernameKey(username));
    },
    async create({ username, displayName, countryCode = '??', roles = [] }) {
      open();
      checkAccount({ username, displayName, countryCode, roles });
      const key = usernameKey(username);
      if (byKey.has(key)) throw new MusterError('ALREADY_EXISTS', { what: `user ${username}` });
      requireRoom(byId);
      const id = playerId(String(byId.size + 1));
      const createdAt = Math.floor(clock.now());
      const account = { id, username, displayName, countryCode, roles: [...roles], createdAt, bannedUntil: null };
      byKey.set(key, account);
      byId.set(id, account);
      return account;
    },
    async botById(id) {
      open();
      for (const { bot } of bots.values()) if (bot.id === id) return bot;
      return undefined;
    },
    async verifyBot(clientId, secret) {
      open();
      const row = bots.get(clientId);
      return row && isStorable(secret) && secretMatchesSync(secret, row.secretHash) ? row.bot : undefined;
    },
    async putBot({ clientId, secret, name }) {
      open();
      checkBot({ clientId, secret, name });
      requireRoom(bots);
      const old = bots.get(clientId)?.bot;
      const id = old?.id ?? String(bots.size + 1);
      const bot = { id, clientId, name, createdAt: old?.createdAt ?? Math.floor(clock.now()) };
      bots.set(clientId, { bot, secretHash: hashSecretSync(secret, random.bytes(SALT_BYTES), MEMORY_SECRET_COST) });
      return bot;
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
  let highest = { epoch: epoch(0), term: term(0) };
  return {
    async highest() {
      open();
      return highest;
    },
    async raise(newEpoch, newTerm) {
      open();
      requireInstant('epoch', newEpoch);
      requireInstant('term', newTerm);
      highest = {
        epoch: epoch(Math.max(highest.epoch, newEpoch)),
        term: term(Math.max(highest.term, newTerm)),
      };
    },
  };
}

function requireRoom(table: ReadonlyMap<string, unknown>): void {
  if (table.size < ROWS_MAX) return;
  throw new MusterError('STORAGE_UNAVAILABLE', { cause: `memory holds at most ${ROWS_MAX} rows` });
}
