// What operators see of accounts, bans and reports.
export interface AccountDocument {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  /** `??` where unknown. */
  readonly countryCode: string;
  readonly roles: readonly string[];
  readonly createdAt: string;
  /** null: it may sign in. `until` null: for good. */
  readonly banned: { readonly until: string | null } | null;
  /** The newest first, those that are over or lifted too; ten at most. */
  readonly bans: readonly BanDocument[];
}

export interface BanDocument {
  readonly id: string;
  readonly reason: string;
  /** Who decided it. */
  readonly by: string;
  readonly at: string;
  /** null: for good. */
  readonly until: string | null;
  readonly lifted: { readonly at: string; readonly by: string } | null;
}

export interface ReportListDocument {
  /** Newest first. */
  readonly reports: readonly ReportDocument[];
  /** User id of the account that was asked about; null: of everybody. */
  readonly about: string | null;
  /** There are older ones: ask again with this as `before`. null: these are the oldest. */
  readonly next: string | null;
}

export interface ReportDocument {
  readonly id: string;
  /** User ids. */
  readonly reporter: string;
  readonly users: readonly string[];
  /** As the client names it. */
  readonly type: string;
  readonly message: string;
  readonly at: string;
}
