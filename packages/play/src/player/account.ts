import type { Account } from '@muster/ports';
import { USER_ROLES, type User, type UserRole } from '@muster/tachyon';
import type { PlayerState } from './state.js';

/** What a player's actor needs of the account: no secrets. */
export interface AccountView {
  readonly username: string;
  readonly displayName: string;
  readonly countryCode: string;
  readonly roles: readonly UserRole[];
}

/** Roles that Tachyon has no word for stay inside. */
export function accountView(account: Account): AccountView {
  return {
    username: account.username,
    displayName: account.displayName,
    countryCode: account.countryCode,
    roles: USER_ROLES.filter((role) => account.roles.includes(role)),
  };
}

export function sameAccount(a: AccountView | null, b: AccountView): boolean {
  return (
    a !== null &&
    a.username === b.username &&
    a.displayName === b.displayName &&
    a.countryCode === b.countryCode &&
    a.roles.join() === b.roles.join()
  );
}

/** What the account alone says of the player, or undefined where no account has this id. A lost connection shows only when the grace is over. */
export function accountUser(state: PlayerState, userId: string): User | undefined {
  if (!state.account) return undefined;
  const { username, displayName, countryCode, roles } = state.account;
  return {
    userId,
    username,
    displayName,
    clanId: null,
    clanBaseData: null,
    countryCode,
    status: state.session ? 'menu' : 'offline',
    roles: [...roles],
  };
}
