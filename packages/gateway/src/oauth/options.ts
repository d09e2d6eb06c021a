import { type Millis, MusterError } from '@muster/ports';
import { TACHYON_SCOPE } from '@muster/tachyon';

/** The authorization server within the gateway. */
export interface EmbeddedIssuerOptions {
  /** `iss` of its tokens. The same at every gateway of the cluster, or they refuse each other's tokens; not the address clients see. */
  readonly issuer: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  /** `dev`: whoever asks is signed in as whom they say they are, without a password. `off`: nobody; bots still are. Never `dev` in production. */
  readonly signIn: 'off' | 'dev';
  /** The public client that lobbies sign in as. */
  readonly clientId: string;
  /** Where it may be redirected to. Loopback hosts are equal and their port is free (RFC 8252). */
  readonly redirectUris: readonly string[];
  /** From sign-in to exchange. Lower: less time for a thief. Higher: slow devices get in. */
  readonly codeLifetimeMs: Millis;
  /** Of an access token. Lower: a ban works sooner. Higher: fewer refreshes; clients renew at half of it. */
  readonly accessLifetimeMs: Millis;
  /** Of a refresh token, from its last use. Lower: people sign in again after a holiday. Higher: a forgotten device stays signed in. */
  readonly refreshLifetimeMs: Millis;
  /** How often expired codes and refresh tokens are removed from storage. */
  readonly sweepMs: Millis;
}

/** An OpenID Connect provider whose access tokens are taken. */
export interface ExternalIssuerOptions {
  /** Exactly what its tokens say in `iss`. */
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** Signature algorithms that are accepted, asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Claim that names the account here: it must be unique and never change hands, as `sub` is. */
  readonly accountClaim: string;
  /** Put before the claim to make the account's name, so that nobody signs in as somebody whom another issuer vouches for. */
  readonly accountPrefix: string;
  /** Claim that is `bot` in the tokens of machines. */
  readonly roleClaim: string;
  /** Claim with the name that others see; the account's name where it is missing. */
  readonly nameClaim: string;
  /** Creates an account at the first sign-in. Otherwise only accounts that exist get in. */
  readonly createAccounts: boolean;
  /** Oldest token that is taken, whatever it says itself. */
  readonly maxTokenAgeMs: Millis;
  /** Least time between two fetches of its keys. Lower: a new key works sooner. Higher: unknown key ids cost it less. */
  readonly keyCooldownMs: Millis;
  /** Keys are fetched again after this long. */
  readonly keyMaxAgeMs: Millis;
  readonly keyTimeoutMs: Millis;
}

export interface OAuthOptions {
  /** Scheme, host and port that clients are configured with. Absent: as the client addressed us, on loopback only; else where we listen. */
  readonly publicUrl?: string;
  /** How far another machine's clock may be off. */
  readonly clockToleranceMs: Millis;
  /** Longest token that is looked at. */
  readonly tokenLengthMax: number;
  readonly embedded: EmbeddedIssuerOptions;
  readonly external: readonly ExternalIssuerOptions[];
}

export const EMBEDDED_ISSUER_DEFAULTS: EmbeddedIssuerOptions = {
  issuer: 'urn:muster',
  audience: 'tachyon',
  signIn: 'off',
  clientId: 'generic_lobby',
  redirectUris: ['http://localhost/oauth2callback'],
  codeLifetimeMs: 5 * 60_000,
  accessLifetimeMs: 30 * 60_000,
  refreshLifetimeMs: 90 * 24 * 3_600_000,
  sweepMs: 10 * 60_000,
};

export const EXTERNAL_ISSUER_DEFAULTS: Omit<ExternalIssuerOptions, 'issuer' | 'jwksUrl' | 'audience'> = {
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  accountClaim: 'sub',
  accountPrefix: '',
  roleClaim: 'muster_role',
  nameClaim: 'preferred_username',
  createAccounts: true,
  maxTokenAgeMs: 24 * 3_600_000,
  keyCooldownMs: 30_000,
  keyMaxAgeMs: 10 * 60_000,
  keyTimeoutMs: 5_000,
};

/** Scopes this server knows. */
export const SCOPES: readonly string[] = [TACHYON_SCOPE];
/** What a token without it may not do here. */
export const REQUIRED_SCOPE = TACHYON_SCOPE;

/** What is given of {@link OAuthOptions}; the rest are defaults. */
export interface OAuthChanges extends Partial<Omit<OAuthOptions, 'embedded' | 'external'>> {
  readonly embedded?: Partial<EmbeddedIssuerOptions>;
  readonly external?: readonly (Pick<ExternalIssuerOptions, 'issuer' | 'jwksUrl' | 'audience'> &
    Partial<ExternalIssuerOptions>)[];
}

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function oauthOptions(changes: OAuthChanges = {}): OAuthOptions {
  const { embedded, external = [], ...rest } = changes;
  const options: OAuthOptions = {
    clockToleranceMs: 5_000,
    tokenLengthMax: 8_192,
    ...rest,
    embedded: { ...EMBEDDED_ISSUER_DEFAULTS, ...embedded },
    external: external.map((issuer) => ({ ...EXTERNAL_ISSUER_DEFAULTS, ...issuer })),
  };
  checkPositive('oauth', { clockToleranceMs: options.clockToleranceMs + 1, tokenLengthMax: options.tokenLengthMax });
  const { codeLifetimeMs, accessLifetimeMs, refreshLifetimeMs, sweepMs } = options.embedded;
  checkPositive('oauth.embedded', { codeLifetimeMs, accessLifetimeMs, refreshLifetimeMs, sweepMs });
  if (accessLifetimeMs < 1_000) throw bad('oauth.embedded.accessLifetimeMs is at least 1000: clients count in seconds');
  if (options.publicUrl !== undefined) checkOrigin(options.publicUrl);
  const issuers = [options.embedded.issuer, ...options.external.map(({ issuer }) => issuer)];
  if (new Set(issuers).size !== issuers.length) throw bad('two issuers have one name');
  for (const issuer of options.external) checkExternal(issuer);
  const prefixes = [
    ...(options.embedded.signIn === 'dev' ? [''] : []),
    ...options.external.map((it) => it.accountPrefix),
  ];
  if (new Set(prefixes).size !== prefixes.length)
    throw bad('issuers of people need an accountPrefix each: names would mix');
  return options;
}

function checkExternal({ issuer, jwksUrl, audience, algorithms, ...rest }: ExternalIssuerOptions): void {
  if (issuer === '' || audience === '') throw bad('an issuer needs its name and an audience');
  if (!URL.canParse(jwksUrl)) throw bad(`jwksUrl of ${issuer} is no URL`);
  // A shared secret among these would let whoever knows the public key sign.
  const wrong = algorithms.find((name) => !/^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/.test(name));
  if (algorithms.length === 0 || wrong !== undefined)
    throw bad(`algorithms of ${issuer}: ${wrong ?? 'none'} cannot be`);
  const { maxTokenAgeMs, keyCooldownMs, keyMaxAgeMs, keyTimeoutMs } = rest;
  checkPositive(`oauth.external ${issuer}`, { maxTokenAgeMs, keyCooldownMs, keyMaxAgeMs, keyTimeoutMs });
}

function checkOrigin(text: string): void {
  // Clients compare the issuer with what they were given, character by character.
  if (!URL.canParse(text) || new URL(text).origin !== text)
    throw bad(`publicUrl ${text} must be scheme, host and port alone`);
}

function checkPositive(where: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isFinite(value) || value <= 0) throw bad(`${where}.${name} is above 0, not ${value}`);
}

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details });
}
