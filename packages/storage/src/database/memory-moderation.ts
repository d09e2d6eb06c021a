import {
  type Ban,
  type Clock,
  type Millis,
  type Moderation,
  MusterError,
  type Operation,
  type PlayerId,
  type Report,
} from '@muster/ports';
import type { MemoryAccounts } from './memory-accounts.js';
import type { MemoryOperations } from './memory-operations.js';
import { checkBan, checkReport, FOR_GOOD } from './storable.js';

export class MemoryModeration implements Moderation {
  /** Oldest first. */
  private readonly filed: Report[] = [];
  private bans: Ban[] = [];
  private readonly accounts: MemoryAccounts;
  private readonly operations: MemoryOperations;
  private readonly clock: Clock;
  private readonly open: () => void;

  constructor(accounts: MemoryAccounts, operations: MemoryOperations, clock: Clock, open: () => void) {
    this.accounts = accounts;
    this.operations = operations;
    this.clock = clock;
    this.open = open;
  }

  async file(
    operation: Operation,
    report: Omit<Report, 'id'>,
    { max, since }: { readonly max: number; readonly since: number },
  ): ReturnType<Moderation['file']> {
    this.open();
    checkReport(report);
    return this.operations.once(operation, () => {
      const { reporter, users } = report;
      if (![reporter, ...users].every((id) => this.accounts.has(id))) return 'unknown_user';
      if (this.filed.filter((one) => one.reporter === reporter && one.at >= since).length >= max) return 'too_many';
      this.filed.push({ id: String(this.filed.length + 1), ...report, users: [...users] });
      return 'filed';
    });
  }

  async reports({ max, before, about }: Parameters<Moderation['reports']>[0]): Promise<readonly Report[]> {
    this.open();
    const wanted = this.filed.filter(
      ({ id, users }) =>
        (before === undefined || Number(id) < Number(before)) && (about === undefined || users.includes(about)),
    );
    return wanted.reverse().slice(0, max);
  }

  async ban(ban: Parameters<Moderation['ban']>[0]): Promise<Ban> {
    this.open();
    checkBan(ban);
    const { userId, reason, by, until } = ban;
    const account = await this.accounts.byId(userId);
    if (!account) throw new MusterError('NOT_FOUND', { what: `user ${userId}` });
    this.accounts.setBanned(userId, Math.max(account.bannedUntil ?? 0, until ?? FOR_GOOD));
    const at = Math.floor(this.clock.now());
    const id = String(this.bans.length + 1);
    const kept: Ban = { id, userId, reason, by, at, until, liftedAt: null, liftedBy: null };
    this.bans.push(kept);
    return kept;
  }

  async standing(since: Millis, max: number): Promise<readonly Ban[]> {
    this.open();
    const stands = this.bans.filter((ban) => ban.at >= since && isStanding(ban, this.clock.now()));
    return stands.reverse().slice(0, max);
  }

  async lift(id: PlayerId, by: string): Promise<number> {
    this.open();
    const at = Math.floor(this.clock.now());
    const stands = (ban: Ban): boolean => ban.userId === id && isStanding(ban, at);
    const count = this.bans.filter(stands).length;
    this.bans = this.bans.map((ban) => (stands(ban) ? { ...ban, liftedAt: at, liftedBy: by } : ban));
    this.accounts.setBanned(id, null);
    return count;
  }

  async bansOf(id: PlayerId, max: number): Promise<readonly Ban[]> {
    this.open();
    return this.bans
      .filter(({ userId }) => userId === id)
      .reverse()
      .slice(0, max);
  }
}

function isStanding({ until, liftedAt }: Ban, now: Millis): boolean {
  return liftedAt === null && (until === null || until > now);
}
