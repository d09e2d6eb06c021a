import {
  type Clock,
  codeOf,
  isMusterError,
  type Log,
  type Metrics,
  type Random,
  type Storage,
  type Timer,
} from '@muster/ports';
import OAuth2Server from '@node-oauth/oauth2-server';
import type { JWK } from 'jose';
import { AccessTokenSigner } from './access-token-signer.js';
import { isReply, type Parameters, readParameters, withCredentials } from './client-request.js';
import { devAccount } from './dev-sign-in.js';
import { type GrantModelSetup, grantModel, type Subject } from './grant-model.js';
import type { OAuthOptions } from './options.js';
import { isRegisteredRedirect } from './redirect.js';
import { failed, type HttpReply, limited, type OAuthErrorName, succeeded } from './reply.js';
import type { SigningKeyring } from './signing-keys.js';

const GRANT_TYPES: ReadonlySet<string> = new Set(['authorization_code', 'client_credentials', 'refresh_token']);
/** A SHA-256 in base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const FORM = 'application/x-www-form-urlencoded';

export interface EmbeddedIssuerSetup {
  readonly storage: Storage;
  readonly keyring: SigningKeyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly options: OAuthOptions;
  readonly limit: GrantModelSetup['limit'];
}

/** The authorization server within the gateway: the library's rules, our storage. Stateless; every gateway answers alike. */
export class EmbeddedIssuer {
  private readonly setup: EmbeddedIssuerSetup;
  private readonly server: OAuth2Server;
  private timer: Timer | undefined;

  constructor(setup: EmbeddedIssuerSetup) {
    this.setup = setup;
    const { storage, keyring, clock, random, metrics, options, limit } = setup;
    const signer = new AccessTokenSigner(keyring, options.embedded, clock, random);
    const revoked = metrics.counter('muster_gateway_token_families_revoked_total', 'Refresh tokens revoked, by reason');
    const model = grantModel({ storage, signer, clock, random, options, limit, revoked });
    // The library wants `getAccessToken` in the type, for verifying tokens: that is not what it is used for here.
    this.server = new OAuth2Server({ model: model as unknown as OAuth2Server.AuthorizationCodeModel });
  }

  /** Removes what expired, now and then. */
  start(): void {
    const { clock, storage, options, log } = this.setup;
    this.timer = clock.after(options.embedded.sweepMs, () => {
      this.start();
      storage.grants
        .sweep(Math.floor(clock.now()))
        .catch((error: unknown) => log.write('warn', 'oauth.sweep_failed', { error }));
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  async jwks(): Promise<HttpReply> {
    const body: { readonly keys: readonly JWK[] } = await this.setup.keyring.published();
    return succeeded(body, { 'cache-control': 'public, max-age=300' });
  }

  /** `GET /oauth/authorize`: signs in and sends the code to the client, by redirect. */
  async authorize(query: string): Promise<HttpReply> {
    const { embedded } = this.setup.options;
    if (embedded.signIn === 'off')
      return failed(403, 'access_denied', 'this server signs nobody in without a password');
    const parameters = readParameters(query);
    if (isReply(parameters)) return parameters;
    if (!CHALLENGE.test(parameters.code_challenge ?? ''))
      return failed(400, 'invalid_request', 'code_challenge is missing or no SHA-256 in base64url');
    if (parameters.code_challenge_method !== 'S256')
      return failed(400, 'invalid_request', 'code_challenge_method must be S256');
    // Said before the library says that the client is not known: it is, and what is wrong with it is this.
    if (parameters.redirect_uri !== undefined && !isRegisteredRedirect(parameters.redirect_uri, embedded.redirectUris))
      return failed(400, 'invalid_request', `redirect_uri must be ${embedded.redirectUris.join(' or ')}, on any port`);
    const request = new OAuth2Server.Request({ method: 'GET', headers: {}, query: { ...parameters } });
    const response = new OAuth2Server.Response();
    try {
      await this.server.authorize(request, response, {
        authenticateHandler: { handle: () => this.signIn(parameters.login_hint) },
        allowEmptyState: true,
        authorizationCodeLifetime: embedded.codeLifetimeMs / 1_000,
      });
    } catch (error) {
      // Once the client is known to be ours, errors are sent to it like codes are.
      if (response.status !== 302) return this.failure(error);
    }
    return { status: 302, headers: { location: String(response.get('location')), 'cache-control': 'no-store' } };
  }

  /** `POST /oauth/token` */
  async token(contentType: string | undefined, authorization: string | undefined, body: string): Promise<HttpReply> {
    if (contentType?.split(';')[0]?.trim().toLowerCase() !== FORM)
      return failed(400, 'invalid_request', `the body must be ${FORM}`);
    const form = readParameters(body);
    if (isReply(form)) return form;
    const parameters = withCredentials(authorization, form);
    if (isReply(parameters)) return parameters;
    if (!parameters.grant_type) return failed(400, 'invalid_request', 'grant_type is missing');
    if (!GRANT_TYPES.has(parameters.grant_type))
      return failed(400, 'unsupported_grant_type', 'grant_type is not supported');
    return this.exchange(parameters, authorization !== undefined);
  }

  private async exchange(parameters: Parameters, usedHeader: boolean): Promise<HttpReply> {
    const { embedded } = this.setup.options;
    const headers = { 'content-type': FORM, 'content-length': '1' };
    const request = new OAuth2Server.Request({ method: 'POST', headers, query: {}, body: { ...parameters } });
    const response = new OAuth2Server.Response();
    try {
      await this.server.token(request, response, {
        accessTokenLifetime: embedded.accessLifetimeMs / 1_000,
        refreshTokenLifetime: embedded.refreshLifetimeMs / 1_000,
        // A lobby is a public client: PKCE and rotation stand where a secret would.
        requireClientAuthentication: { authorization_code: false, refresh_token: false },
      });
    } catch (error) {
      return this.failure(error, usedHeader);
    }
    // Counted from now by us, not from the library's clock.
    return succeeded({ ...response.body, expires_in: Math.floor(embedded.accessLifetimeMs / 1_000) });
  }

  private async signIn(loginHint: string | undefined): Promise<Subject> {
    const { storage, random, limit, clock } = this.setup;
    const account = await devAccount(storage.accounts, random, loginHint);
    const retryAfterMs = limit(`player:${account.id}`);
    if (retryAfterMs !== undefined)
      throw new OAuth2Server.OAuthError('too many requests', { code: 429, name: 'rate_limited', retryAfterMs });
    if (account.bannedUntil !== null && account.bannedUntil > clock.now())
      throw new OAuth2Server.OAuthError('this account is banned', { code: 403, name: 'access_denied' });
    return { id: account.id, role: 'player' };
  }

  private failure(error: unknown, usedHeader = false): HttpReply {
    if (isMusterError(error) && codeOf(error) === 'INVALID_REQUEST')
      return failed(400, 'invalid_request', error.message);
    if (!(error instanceof OAuth2Server.OAuthError) || error.code >= 500) {
      this.setup.log.write('error', 'oauth.failed', { error: innerOf(error) });
      return failed(500, 'server_error', 'try again');
    }
    if (error.name === 'rate_limited') return limited(Number(Reflect.get(error, 'retryAfterMs')));
    if (error.name !== 'invalid_client') return failed(error.code, error.name as OAuthErrorName, error.message);
    return failed(
      401,
      'invalid_client',
      'client authentication failed',
      usedHeader ? { 'www-authenticate': 'Basic' } : {},
    );
  }
}

/** The library wraps what it does not know. */
function innerOf(error: unknown): unknown {
  return error instanceof OAuth2Server.OAuthError ? (Reflect.get(error, 'inner') ?? error) : error;
}
