import { TACHYON_SCOPE } from '@muster/tachyon';
import { ClientError } from './errors.js';
import type { Http, Metadata } from './http.js';
import { followToRedirect } from './redirect.js';

/** What a token endpoint gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly lifetimeMs: number;
}

/** A way to prove who one is. */
export interface SignIn {
  /** Players get `user/self` as their first event; bots get none. */
  readonly role: 'player' | 'bot';
  /** @throws ClientError `sign_in_failed`, `unreachable` */
  obtain(http: Http, metadata: Metadata): Promise<Tokens>;
  /** New tokens for a refresh token, which is used up by that. */
  refresh(http: Http, metadata: Metadata, refreshToken: string): Promise<Tokens>;
}

export interface PlayerSignInOptions {
  /** Who the development issuer shall sign in; without it, a new guest. */
  readonly loginHint?: string;
  readonly clientId?: string;
  readonly redirectUri?: string;
  /**
   * Takes the user to the authorization page and returns the address that the server redirected to in the end.
   * Default: follows redirects without a person, which works where the server signs in at once (the development issuer).
   */
  readonly authorize?: (url: URL, redirectUri: string, http: Http) => Promise<URL>;
}

/** Authorization code with PKCE (RFC 7636, S256), as a public client on this machine. */
export function playerSignIn(options: PlayerSignInOptions = {}): SignIn {
  const clientId = options.clientId ?? 'generic_lobby';
  const redirectUri = options.redirectUri ?? 'http://127.0.0.1:5170/oauth2callback';
  const authorize = options.authorize ?? followToRedirect;
  return {
    role: 'player',
    async obtain(http, metadata) {
      if (!metadata.authorizationEndpoint) throw new ClientError('sign_in_failed', 'players cannot sign in there');
      const verifier = randomText(48);
      const state = randomText(16);
      const url = new URL(metadata.authorizationEndpoint);
      const query = {
        client_id: clientId,
        scope: TACHYON_SCOPE,
        response_type: 'code',
        redirect_uri: redirectUri,
        code_challenge: await challengeOf(verifier),
        code_challenge_method: 'S256',
        state,
        ...(options.loginHint === undefined ? {} : { login_hint: options.loginHint }),
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const back = await authorize(url, redirectUri, http);
      const code = readCallback(back, state);
      return requestTokens(http, metadata, {
        grant_type: 'authorization_code',
        client_id: clientId,
        scope: TACHYON_SCOPE,
        code,
        code_verifier: verifier,
        redirect_uri: redirectUri,
      });
    },
    refresh: (http, metadata, refreshToken) =>
      requestTokens(http, metadata, {
        grant_type: 'refresh_token',
        client_id: clientId,
        scope: TACHYON_SCOPE,
        refresh_token: refreshToken,
      }),
  };
}

/** Client credentials: an autohost. */
export function botSignIn(client: { readonly clientId: string; readonly secret: string }): SignIn {
  const basic = btoa(`${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.secret)}`);
  const obtain = (http: Http, metadata: Metadata) =>
    requestTokens(
      http,
      metadata,
      { grant_type: 'client_credentials', scope: TACHYON_SCOPE },
      { authorization: `Basic ${basic}` },
    );
  return { role: 'bot', obtain, refresh: obtain };
}

function readCallback(back: URL, state: string): string {
  const { searchParams } = back;
  const error = searchParams.get('error');
  if (error !== null)
    throw new ClientError('sign_in_failed', [error, searchParams.get('error_description')].filter(Boolean).join(': '));
  const code = searchParams.get('code');
  // A server that does not repeat the state could be answering somebody else's request.
  if (code === null || searchParams.get('state') !== state)
    throw new ClientError('sign_in_failed', 'the redirect carries no code, or another state');
  return code;
}

async function requestTokens(
  http: Http,
  metadata: Metadata,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Tokens> {
  const fields = await http.json(metadata.tokenEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
    body: new URLSearchParams(form).toString(),
  });
  const { access_token: accessToken, refresh_token: refreshToken, token_type: type, expires_in: seconds } = fields;
  if (typeof accessToken !== 'string' || String(type).toLowerCase() !== 'bearer')
    throw new ClientError('sign_in_failed', 'the token endpoint gave no bearer token');
  if (typeof seconds !== 'number' || !(seconds > 0) || !Number.isFinite(seconds))
    throw new ClientError('sign_in_failed', 'the token endpoint does not say how long its token lives');
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    lifetimeMs: seconds * 1_000,
  };
}

function randomText(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** The S256 challenge of a verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
