import { type OAuthOptions, SCOPES } from './options.js';
import { isLoopbackHost } from './redirect.js';

/** RFC 8414. `origin`: scheme, host and port as the client knows them; it compares `issuer` with them character by character. */
export function metadata(origin: string): Readonly<Record<string, unknown>> {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    jwks_uri: `${origin}/oauth/jwks`,
    userinfo_endpoint: `${origin}/oauth/userinfo`,
    scopes_supported: SCOPES,
    // `token` stands for a flow that is not offered: existing autohosts refuse a server that does not list it.
    response_types_supported: ['code', 'token'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
  };
}

/**
 * The origin to put into the metadata. What a client says in `Host` is believed only where it names this machine: an attacker
 * must not be able to make a cache hand out his own endpoints.
 */
export function originFor(options: OAuthOptions, host: string | undefined, listening: string): string {
  if (options.publicUrl !== undefined) return options.publicUrl;
  const asked = `http://${host ?? ''}`;
  if (!URL.canParse(asked)) return listening;
  const url = new URL(asked);
  return isLoopbackHost(url.hostname) && asked.toLowerCase() === url.origin ? url.origin : listening;
}
