import {
  type Account,
  type Accounts,
  type Bot,
  type Clock,
  type Millis,
  MusterError,
  type PlayerId,
  playerId,
  type Random,
} from '@muster/ports';
import { hashSecretSync, SALT_BYTES, secretMatchesSync } from './secrets.js';
import { checkAccount, checkBot, checkRoles, isStorable, usernameKey } from './storable.js';

/** Most rows of one table: the memory form is for tests and the simulator, a leak there shall be seen. */
const ROWS_MAX = 1_000_000;
/** scrypt's N here: the hash never leaves the process, and a simulated sign-in shall not take 50 ms. */
const MEMORY_SECRET_COST = 16;

interface BotRow {
  readonly bot: Bot;
  readonly secretHash: string;
}

export class MemoryAccounts implements Accounts {
  private readonly ids = new Map<string, PlayerId>();
  private readonly accounts = new Map<PlayerId, Account>();
  /** When roles were set last. */
  private readonly changes = new Map<PlayerId, Millis>();
  private readonly bots = new Map<string, BotRow>();
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly open: () => void;

  constructor(clock: Clock, random: Random, open: () => void) {
    this.clock = clock;
    this.random = random;
    this.open = open;
  }

  has(id: PlayerId): boolean {
    return this.accounts.has(id);
  }

  setBanned(id: PlayerId, bannedUntil: Millis | null): void {
    const account = this.accounts.get(id);
    if (account) this.accounts.set(id, { ...account, bannedUntil });
  }

  async byId(id: PlayerId): Promise<Account | undefined> {
    this.open();
    return this.accounts.get(id);
  }

  async byUsername(username: string): Promise<Account | undefined> {
    this.open();
    const id = this.ids.get(usernameKey(username));
    return id && this.accounts.get(id);
  }

  async create(account: Parameters<Accounts['create']>[0]): Promise<Account> {
    this.open();
    const { username, displayName, countryCode = '??', roles = [] } = account;
    checkAccount({ username, displayName, countryCode, roles });
    const key = usernameKey(username);
    if (this.ids.has(key)) throw new MusterError('ALREADY_EXISTS', { what: `user ${username}` });
    requireRoom(this.accounts);
    const id = playerId(String(this.accounts.size + 1));
    const createdAt = Math.floor(this.clock.now());
    const created = { id, username, displayName, countryCode, roles: [...roles], createdAt, bannedUntil: null };
    this.ids.set(key, id);
    this.accounts.set(id, created);
    return created;
  }

  async setRoles(id: PlayerId, roles: readonly string[]): Promise<Account | undefined> {
    this.open();
    checkRoles(roles);
    const account = this.accounts.get(id);
    if (!account) return undefined;
    const changed = { ...account, roles: [...roles] };
    this.accounts.set(id, changed);
    this.changes.set(id, this.clock.now());
    return changed;
  }

  async changedSince(since: Millis, max: number): Promise<readonly Account[]> {
    this.open();
    const found = [...this.changes].filter(([, at]) => at >= since).sort(([, a], [, b]) => b - a);
    return found.slice(0, max).flatMap(([id]) => this.accounts.get(id) ?? []);
  }

  async botById(id: string): Promise<Bot | undefined> {
    this.open();
    for (const { bot } of this.bots.values()) if (bot.id === id) return bot;
    return undefined;
  }

  async verifyBot(clientId: string, secret: string): Promise<Bot | undefined> {
    this.open();
    const row = this.bots.get(clientId);
    return row && isStorable(secret) && secretMatchesSync(secret, row.secretHash) ? row.bot : undefined;
  }

  async putBot({ clientId, secret, name }: Parameters<Accounts['putBot']>[0]): Promise<Bot> {
    this.open();
    checkBot({ clientId, secret, name });
    requireRoom(this.bots);
    const old = this.bots.get(clientId)?.bot;
    const id = old?.id ?? String(this.bots.size + 1);
    const bot = { id, clientId, name, createdAt: old?.createdAt ?? Math.floor(this.clock.now()) };
    const secretHash = hashSecretSync(secret, this.random.bytes(SALT_BYTES), MEMORY_SECRET_COST);
    this.bots.set(clientId, { bot, secretHash });
    return bot;
  }
}

export function requireRoom(table: ReadonlyMap<string, unknown>): void {
  if (table.size < ROWS_MAX) return;
  throw new MusterError('STORAGE_UNAVAILABLE', { cause: `memory holds at most ${ROWS_MAX} rows` });
}
