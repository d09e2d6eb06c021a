// What the OAuth2 library asks of us. Everything that must survive or be shared is in storage, under the hash of what the client
// holds; `take` is atomic, so of two gateways exactly one redeems a code or a refresh token.
//
// A family is one record: whichever refresh token is the newest. Rotation takes the record and puts it back with a new secret.
// A token whose secret is not the newest was used before, by a thief or by its owner after a thief: the record stays taken, and the
// family is over. A code that is used twice ends its family in the same way.
import type { Clock, Counter, Grants, Random, Storage, StoredGrant } from '@muster/ports';
import OAuth2Server from '@node-oauth/oauth2-server';
import type { AccessTokenSigner } from './access-token-signer.js';
import { type OAuthOptions, REQUIRED_SCOPE, SCOPES } from './options.js';
import { isRegisteredRedirect } from './redirect.js';
import { familyOf, hashOf, newCode, newRefreshToken, readRefreshToken, sameHash } from './secret-tokens.js';

/** The library looks at its own clock: it is given an instant that never comes, and what expired is not given to it at all. */
const NEVER = new Date(8_640_000_000_000_000);

/** Who a token is for. */
export interface Subject extends OAuth2Server.User {
  readonly id: string;
  readonly role: 'player' | 'bot';
  /** Of refresh tokens, once there is one. */
  readonly family?: string;
}

export interface GrantModelSetup {
  readonly storage: Pick<Storage, 'accounts' | 'grants'>;
  readonly signer: AccessTokenSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: OAuthOptions;
  /** Milliseconds for which this account may not ask again, or undefined. Only asked where the account is proven. */
  readonly limit: (account: string) => number | undefined;
  readonly revoked: Counter;
}

type Model = Omit<
  OAuth2Server.AuthorizationCodeModel & OAuth2Server.RefreshTokenModel & OAuth2Server.ClientCredentialsModel,
  'getAccessToken'
>;

export function grantModel(setup: GrantModelSetup): Model {
  const { storage, signer, clock, random, options } = setup;
  const { grants, accounts } = storage;
  const { embedded } = options;
  return {
    async getClient(id, secret) {
      if (!secret) return id === embedded.clientId ? publicClient(options) : undefined;
      const bot = await accounts.verifyBot(id, secret);
      if (!bot) return undefined;
      obeyLimit(setup, `bot:${bot.id}`);
      return { id, grants: ['client_credentials'], bot: bot.id };
    },
    async getUserFromClient({ bot }): Promise<Subject> {
      return { id: String(bot), role: 'bot' };
    },
    async validateRedirectUri(uri) {
      return isRegisteredRedirect(uri, embedded.redirectUris);
    },
    async validateScope(_user, _client, asked = [REQUIRED_SCOPE]) {
      return asked.every((scope) => SCOPES.includes(scope)) ? asked : undefined;
    },
    async generateAccessToken(client, user, scope) {
      return signer.sign(user as Subject, client.id, scope);
    },
    async generateRefreshToken(_client, { family }) {
      return newRefreshToken(String(family), random);
    },
    async generateAuthorizationCode() {
      return newCode(random);
    },
    async saveAuthorizationCode(code, client, user) {
      await grants.put({
        kind: 'code',
        hash: hashOf(code.authorizationCode),
        subject: String(user.id),
        clientId: client.id,
        scope: (code.scope ?? []).join(' '),
        expiresAt: Math.floor(clock.now() + embedded.codeLifetimeMs),
        detail: { redirectUri: code.redirectUri, challenge: code.codeChallenge ?? '' },
      });
      return { ...code, client, user };
    },
    async getAuthorizationCode(code) {
      const family = familyOf(code);
      const grant = await grants.take('code', hashOf(code));
      if (!grant) {
        // Used before, or never given: if before, whatever came of it is in doubt.
        if (await grants.take('refresh', hashOf(family))) setup.revoked.add(1, { reason: 'code_reused' });
        return undefined;
      }
      if (grant.expiresAt <= clock.now()) return undefined;
      return {
        ...redeemed(setup, grant, family),
        authorizationCode: code,
        expiresAt: NEVER,
        redirectUri: grant.detail.redirectUri ?? '',
        codeChallenge: grant.detail.challenge ?? '',
        codeChallengeMethod: 'S256',
      };
    },
    // Taking it was revoking it.
    async revokeAuthorizationCode() {
      return true;
    },
    async getRefreshToken(text) {
      const grant = await takeFamily(grants, text, setup.revoked);
      if (!grant || grant.expiresAt <= clock.now()) return undefined;
      const { family } = readRefreshToken(text)!;
      try {
        return { ...redeemed(setup, grant, family), refreshToken: text };
      } catch (error) {
        // Asked too often, not wrongly: the token is still good.
        await grants.put(grant);
        throw error;
      }
    },
    async revokeToken() {
      return true;
    },
    async saveToken(given, client, user) {
      if (given.refreshToken) {
        const { family, secret } = readRefreshToken(given.refreshToken)!;
        await grants.put({
          kind: 'refresh',
          hash: hashOf(family),
          subject: String(user.id),
          clientId: client.id,
          scope: (given.scope ?? []).join(' '),
          expiresAt: Math.floor(clock.now() + embedded.refreshLifetimeMs),
          detail: { secret: hashOf(secret) },
        });
      }
      return { ...given, client, user };
    },
  };
}

/** The family's record, if this is its newest token. Any other of its tokens ends the family. */
async function takeFamily(grants: Grants, text: string, revoked: Counter): Promise<StoredGrant | undefined> {
  const parts = readRefreshToken(text);
  if (!parts) return undefined;
  const grant = await grants.take('refresh', hashOf(parts.family));
  if (!grant) return undefined;
  if (sameHash(grant.detail.secret ?? '', hashOf(parts.secret))) return grant;
  revoked.add(1, { reason: 'refresh_reused' });
  return undefined;
}

/** @throws OAuthError `rate_limited` */
function redeemed(
  setup: GrantModelSetup,
  grant: StoredGrant,
  family: string,
): { client: OAuth2Server.Client; user: Subject; scope: string[] } {
  obeyLimit(setup, `player:${grant.subject}`);
  const client = { ...publicClient(setup.options), id: grant.clientId };
  return { client, user: { id: grant.subject, role: 'player', family }, scope: grant.scope.split(' ') };
}

function obeyLimit({ limit }: GrantModelSetup, account: string): void {
  const retryAfterMs = limit(account);
  if (retryAfterMs === undefined) return;
  throw new OAuth2Server.OAuthError('too many requests', { code: 429, name: 'rate_limited', retryAfterMs });
}

function publicClient({ embedded }: OAuthOptions): OAuth2Server.Client {
  return {
    id: embedded.clientId,
    grants: ['authorization_code', 'refresh_token'],
    redirectUris: [...embedded.redirectUris],
  };
}
