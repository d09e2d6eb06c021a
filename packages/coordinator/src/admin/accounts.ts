import { type Account, type Ban, type Clock, MusterError, playerId, type Report, type Storage } from '@muster/ports';
import type { AccountDocument, BanDocument, ReportDocument, ReportListDocument } from './account-documents.js';

/** Where accounts and what was decided about them are kept. */
export type AccountRecords = Pick<Storage, 'accounts' | 'moderation'>;

/** Bans that are shown of one account, reports that are shown at a time. */
const BANS_SHOWN = 10;
const REPORTS_MAX = 500;
const REPORTS_SHOWN = 50;
/** Longer is for good. */
const BAN_MS_MAX = 100 * 365 * 86_400_000;
const REASON_CHARS_MAX = 500;
/** As storage keeps them; Tachyon knows five of them. */
const ROLE = /^[a-z][a-z0-9_]{0,63}$/;

/** What operators decide about people: in storage, and effective at each gateway within seconds. */
export class AccountOrders {
  private readonly records: AccountRecords | undefined;
  private readonly clock: Clock;

  constructor(records: AccountRecords | undefined, clock: Clock) {
    this.records = records;
    this.clock = clock;
  }

  /** @throws MusterError NOT_FOUND, STORAGE_UNAVAILABLE */
  async show(wanted: unknown): Promise<AccountDocument> {
    return this.document(await this.find(wanted));
  }

  /** For `forMs`, or for good. @throws MusterError NOT_FOUND, INVALID_REQUEST, STORAGE_UNAVAILABLE */
  async ban(wanted: unknown, forMs: unknown, reason: unknown, by: string): Promise<AccountDocument> {
    if (typeof reason !== 'string' || reason.trim() === '' || reason.length > REASON_CHARS_MAX)
      throw invalid(`a reason of at most ${REASON_CHARS_MAX} characters is expected`);
    if (forMs !== undefined && !(typeof forMs === 'number' && forMs >= 1 && forMs <= BAN_MS_MAX))
      throw invalid('a time of at most a hundred years is expected; without one it is for good');
    const { id } = await this.find(wanted);
    const until = forMs === undefined ? null : Math.ceil(this.clock.now() + (forMs as number));
    await this.kept.moderation.ban({ userId: id, reason, by, until });
    return this.show(id);
  }

  /** Ends every ban. @throws MusterError NOT_FOUND, STORAGE_UNAVAILABLE */
  async unban(wanted: unknown, by: string): Promise<AccountDocument> {
    const { id } = await this.find(wanted);
    await this.kept.moderation.lift(id, by);
    return this.show(id);
  }

  /** These and no others; they take effect within seconds where the account is connected. @throws MusterError NOT_FOUND, INVALID_REQUEST, STORAGE_UNAVAILABLE */
  async roles(wanted: unknown, roles: unknown): Promise<AccountDocument> {
    if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string' && ROLE.test(role)))
      throw invalid('roles are words of small letters, digits and _');
    const { id } = await this.find(wanted);
    const changed = await this.kept.accounts.setRoles(id, [...new Set(roles as string[])]);
    if (!changed) throw new MusterError('NOT_FOUND', { what: `account ${id}` });
    return this.document(changed);
  }

  /** Newest first. @throws MusterError NOT_FOUND, INVALID_REQUEST, STORAGE_UNAVAILABLE */
  async reports(about: unknown, before: unknown, max: unknown = REPORTS_SHOWN): Promise<ReportListDocument> {
    if (!Number.isInteger(max) || (max as number) < 1 || (max as number) > REPORTS_MAX)
      throw invalid(`max is a number up to ${REPORTS_MAX}`);
    if (before !== undefined && (typeof before !== 'string' || !/^\d{1,16}$/.test(before)))
      throw invalid("before is a report's id");
    const account = about === undefined ? undefined : (await this.find(about)).id;
    // One more than is shown says whether there are more.
    const found = await this.kept.moderation.reports({
      max: (max as number) + 1,
      ...(before !== undefined && { before }),
      ...(account !== undefined && { about: account }),
    });
    const shown = found.slice(0, max as number).map(reportDocument);
    return { reports: shown, about: account ?? null, next: found.length > shown.length ? shown.at(-1)!.id : null };
  }

  private get kept(): AccountRecords {
    if (!this.records) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'this coordinator has none' });
    return this.records;
  }

  /** By id where it is a number, else by name. */
  private async find(wanted: unknown): Promise<Account> {
    const text = typeof wanted === 'string' ? wanted : '';
    const { accounts } = this.kept;
    const found = /^\d+$/.test(text) ? await accounts.byId(playerId(text)) : await accounts.byUsername(text);
    if (!found) throw new MusterError('NOT_FOUND', { what: `account ${text.slice(0, 64)}` });
    return found;
  }

  private async document(account: Account): Promise<AccountDocument> {
    const { id, username, displayName, countryCode, roles, createdAt, bannedUntil } = account;
    const bans = await this.kept.moderation.bansOf(id, BANS_SHOWN);
    const now = this.clock.now();
    const isForGood = bans.some(({ until, liftedAt }) => until === null && liftedAt === null);
    const isBanned = bannedUntil !== null && bannedUntil > now;
    return {
      id,
      username,
      displayName,
      countryCode,
      roles,
      createdAt: iso(createdAt),
      banned: isBanned ? { until: isForGood ? null : iso(bannedUntil) } : null,
      bans: bans.map(banDocument),
    };
  }
}

function banDocument({ id, reason, by, at, until, liftedAt, liftedBy }: Ban): BanDocument {
  return {
    id,
    reason,
    by,
    at: iso(at),
    until: until === null ? null : iso(until),
    lifted: liftedAt === null ? null : { at: iso(liftedAt), by: liftedBy ?? '' },
  };
}

function reportDocument({ id, reporter, users, type, message, at }: Report): ReportDocument {
  return { id, reporter, users, type, message, at: iso(at) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function invalid(details: string): MusterError {
  return new MusterError('INVALID_REQUEST', { details });
}
