import type { IncomingMessage } from 'node:http';
import { accountView } from '@muster/play';
import { type Account, type Clock, type Log, MusterError, playerId, type Storage } from '@muster/ports';
import { TACHYON_SCOPE } from '@muster/tachyon';
import type { SignedAutohost, SignedPlayer } from '../core/client-socket.js';
import { accountNamed } from '../oauth/dev-sign-in.js';
import { failed, type HttpReply, limited } from '../oauth/reply.js';
import type { TokenFault, TokenVerifier, Verified } from '../oauth/token-verifier.js';
import type { EdgeCounts, RefusedConnection } from './edge-counts.js';
import type { RequestLimits } from './request-limits.js';

type Named = Extract<Verified, { ok: true }>;

export type SignIn =
  | { readonly ok: true; readonly who: SignedPlayer; readonly account: Account }
  | { readonly ok: true; readonly who: SignedAutohost }
  | { readonly ok: false; readonly reason: RefusedConnection; readonly reply: HttpReply };

export interface DoorSetup {
  readonly verifier: TokenVerifier;
  readonly storage: Pick<Storage, 'accounts'>;
  readonly limits: RequestLimits;
  readonly counts: EdgeCounts;
  readonly clock: Clock;
  readonly log: Log;
}

/** Finds out who asks, by the bearer token, and whether they may. */
export class Door {
  private readonly setup: DoorSetup;

  constructor(setup: DoorSetup) {
    this.setup = setup;
  }

  /** For one HTTP request of a signed-in person. `login`: the request opens a session. */
  async admit({ headers }: Pick<IncomingMessage, 'headers'>, purpose: 'login' | 'request'): Promise<SignIn> {
    try {
      return await this.decide(headers.authorization, purpose);
    } catch (error) {
      this.setup.log.write('error', 'gateway.sign_in_failed', { error });
      return { ok: false, reason: 'storage', reply: failed(500, 'server_error', 'try again') };
    }
  }

  private async decide(authorization: string | undefined, purpose: 'login' | 'request'): Promise<SignIn> {
    const { verifier, counts, limits, clock } = this.setup;
    const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    const verified: Verified = token
      ? await verifier.verify(token)
      : { ok: false, fault: 'missing', description: 'a bearer token is needed' };
    if (!verified.ok) {
      counts.authFailed(verified.fault);
      if (verified.fault === 'refresh_token')
        return refused('token', failed(400, 'invalid_request', verified.description));
      return refused('token', unauthorized(verified.description, verified.fault));
    }
    if (verified.role === 'bot') {
      // Nobody else's word is taken for which machine may host battles.
      const bot = verified.external ? undefined : await this.setup.storage.accounts.botById(verified.subject);
      if (bot) return { ok: true, who: { role: 'autohost', botId: bot.id } };
      counts.authFailed('unknown_account');
      return refused('unknown_account', unauthorized('there is no such autohost', 'claims'));
    }
    const account = await this.accountOf(verified);
    if (!account) {
      counts.authFailed('unknown_account');
      return refused('unknown_account', unauthorized('there is no such account', 'claims'));
    }
    const retryAfterMs = limits.account(`player:${account.id}`);
    if (retryAfterMs !== undefined) return refused('account_limit', limited(retryAfterMs));
    if (account.bannedUntil !== null && account.bannedUntil > clock.now()) {
      counts.authFailed('banned');
      const until = new Date(account.bannedUntil).toISOString();
      return refused('banned', failed(403, 'unauthorized_client', `banned until ${until}`));
    }
    const flood = purpose === 'login' ? limits.login(account.id) : undefined;
    if (flood !== undefined) return refused('login_limit', limited(flood, 'too many logins'));
    return { ok: true, account, who: { role: 'player', playerId: account.id, account: accountView(account) } };
  }

  private async accountOf({ subject, external, claims }: Named): Promise<Account | undefined> {
    const { accounts } = this.setup.storage;
    if (!external) return accounts.byId(playerId(subject));
    const username = `${external.accountPrefix}${subject}`;
    if (!external.createAccounts) return accounts.byUsername(username);
    const name = claims[external.nameClaim];
    try {
      return await accountNamed(accounts, username, typeof name === 'string' ? name : username);
    } catch (error) {
      // A name that cannot be kept names nobody.
      if (error instanceof MusterError && error.code === 'INVALID_REQUEST') return undefined;
      throw error;
    }
  }
}

/** With the challenge of RFC 6750, section 3: without a token it says what is needed, with one what is wrong with it. */
function unauthorized(description: string, fault: TokenFault): HttpReply {
  const error = fault === 'scope' ? 'insufficient_scope' : 'invalid_token';
  const wrong =
    fault === 'missing' ? '' : `, error="${error}", error_description="${description.replace(/["\\]/g, '')}"`;
  const challenge = `Bearer realm="muster", scope="${TACHYON_SCOPE}"${wrong}`;
  return failed(401, 'unauthorized_client', description, { 'www-authenticate': challenge });
}

function refused(reason: RefusedConnection, reply: HttpReply): SignIn {
  return { ok: false, reason, reply };
}
