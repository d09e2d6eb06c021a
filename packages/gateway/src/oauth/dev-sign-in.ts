import { type Account, type Accounts, codeOf, MusterError, type Random, token } from '@muster/ports';

/** Longest name that is taken from a stranger: it is shown to others. */
const NAME_LENGTH_MAX = 64;
const GUEST_BYTES = 6;

/** The account called `username`, made where there is none. Two gateways may do so at once. @throws MusterError INVALID_REQUEST */
export async function accountNamed(accounts: Accounts, username: string, displayName = username): Promise<Account> {
  const known = await accounts.byUsername(username);
  if (known) return known;
  if (username.length > NAME_LENGTH_MAX || /[\p{C}]/u.test(username))
    throw new MusterError('INVALID_REQUEST', { details: `a name has 1 to ${NAME_LENGTH_MAX} printable characters` });
  try {
    return await accounts.create({ username, displayName: displayName.slice(0, NAME_LENGTH_MAX) || username });
  } catch (error) {
    const other = codeOf(error) === 'ALREADY_EXISTS' ? await accounts.byUsername(username) : undefined;
    if (other) return other;
    throw error;
  }
}

/** Sign-in without a page or a password: as whom the client names, else as somebody new. For development. */
export function devAccount(accounts: Accounts, random: Random, loginHint: string | undefined): Promise<Account> {
  return accountNamed(accounts, loginHint || `guest-${token(random, GUEST_BYTES)}`);
}
