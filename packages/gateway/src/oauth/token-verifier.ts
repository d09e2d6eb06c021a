import { type Clock, causeOf } from '@muster/ports';
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { type ExternalIssuerOptions, type OAuthOptions, REQUIRED_SCOPE } from './options.js';
import { isRefreshToken } from './secret-tokens.js';
import { SIGNING_ALGORITHM, type SigningKeyring } from './signing-keys.js';

/** What a key id may look like: it is looked up and logged. */
const KEY_ID = /^[A-Za-z0-9_.:=+/-]{1,128}$/;
/** Claim of our own tokens that tells machines from people. */
export const ROLE_CLAIM = 'muster_role';
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** Why a token is not taken. A label of a metric: few. */
export type TokenFault =
  | 'missing'
  | 'refresh_token'
  | 'malformed'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'expired'
  | 'issuer'
  | 'claims'
  | 'scope';

export type Verified =
  | {
      readonly ok: true;
      readonly role: 'player' | 'bot';
      /** Id of the account or bot; for an external issuer, what names the account. */
      readonly subject: string;
      /** Undefined: our own. */
      readonly external: ExternalIssuerOptions | undefined;
      readonly claims: JWTPayload;
    }
  | { readonly ok: false; readonly fault: TokenFault; readonly description: string };

interface Trusted {
  readonly key: JWTVerifyGetKey;
  readonly options: JWTVerifyOptions;
  readonly external: ExternalIssuerOptions | undefined;
}

/** Says whom an access token names. Rejects only where that cannot be found out now (storage, the issuer's keys). */
export class TokenVerifier {
  private readonly trusted: ReadonlyMap<string, Trusted>;
  private readonly clock: Clock;
  private readonly lengthMax: number;

  constructor(options: OAuthOptions, keyring: SigningKeyring, clock: Clock) {
    this.clock = clock;
    this.lengthMax = options.tokenLengthMax;
    const clockTolerance = options.clockToleranceMs / 1_000;
    const own = ownIssuer(options, keyring, clockTolerance);
    const others = options.external.map((issuer) => [issuer.issuer, externalIssuer(issuer, clockTolerance)] as const);
    this.trusted = new Map<string, Trusted>([[options.embedded.issuer, own], ...others]);
  }

  async verify(token: string): Promise<Verified> {
    if (isRefreshToken(token)) return fault('refresh_token', 'this is a refresh token');
    if (token.length > this.lengthMax) return fault('malformed', 'the token is too long');
    const trusted = this.issuerOf(token);
    if ('fault' in trusted) return trusted;
    let claims: JWTPayload;
    try {
      const currentDate = new Date(this.clock.now());
      ({ payload: claims } = await jwtVerify(token, trusted.key, { ...trusted.options, currentDate }));
    } catch (error) {
      return faultOf(error);
    }
    return named(claims, trusted.external);
  }

  /** Looks at what nobody has vouched for yet: only to choose the key, and to refuse early what no key could make good. */
  private issuerOf(token: string): Trusted | (Verified & { ok: false }) {
    let issuer: string | undefined;
    try {
      const { alg, kid } = decodeProtectedHeader(token);
      if (alg === undefined || alg === 'none') return fault('algorithm', 'the token is not signed');
      if (kid === undefined || !KEY_ID.test(kid)) return fault('key', 'the token names no key');
      issuer = decodeJwt(token).iss;
    } catch {
      return fault('malformed', 'this is no token');
    }
    const trusted = issuer === undefined ? undefined : this.trusted.get(issuer);
    return trusted ?? fault('issuer', 'the token is from somebody else');
  }
}

function ownIssuer({ embedded }: OAuthOptions, keyring: SigningKeyring, clockTolerance: number): Trusted {
  return {
    external: undefined,
    key: async ({ kid }) => {
      const key = await keyring.find(kid!);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key;
    },
    options: {
      algorithms: [SIGNING_ALGORITHM],
      issuer: embedded.issuer,
      audience: embedded.audience,
      typ: ACCESS_TOKEN_TYPE,
      maxTokenAge: embedded.accessLifetimeMs / 1_000,
      requiredClaims: ['sub', 'exp', 'iat', ROLE_CLAIM],
      clockTolerance,
    },
  };
}

function externalIssuer(external: ExternalIssuerOptions, clockTolerance: number): Trusted {
  return {
    external,
    // Fetches again for a key id it does not know, at most once per cool-down; until then the token is refused.
    key: createRemoteJWKSet(new URL(external.jwksUrl), {
      cooldownDuration: external.keyCooldownMs,
      cacheMaxAge: external.keyMaxAgeMs,
      timeoutDuration: external.keyTimeoutMs,
    }),
    options: {
      algorithms: [...external.algorithms],
      issuer: external.issuer,
      audience: external.audience,
      maxTokenAge: external.maxTokenAgeMs / 1_000,
      requiredClaims: ['exp', 'iat', external.accountClaim],
      clockTolerance,
    },
  };
}

function named(claims: JWTPayload, external: ExternalIssuerOptions | undefined): Verified {
  if (!scopesOf(claims).includes(REQUIRED_SCOPE)) return fault('scope', `the scope ${REQUIRED_SCOPE} is missing`);
  const subject = claims[external?.accountClaim ?? 'sub'];
  if (typeof subject !== 'string' || subject === '') return fault('claims', 'the token names nobody');
  const role = claims[external?.roleClaim ?? ROLE_CLAIM] === 'bot' ? 'bot' : 'player';
  return { ok: true, role, subject, external, claims };
}

/** RFC 9068 has `scope`, one text; some providers write `scp`, a list. */
function scopesOf({ scope, scp }: JWTPayload): readonly unknown[] {
  if (typeof scope === 'string') return scope.split(' ');
  return Array.isArray(scp) ? scp : [];
}

function fault(kind: TokenFault, description: string): Verified & { ok: false } {
  return { ok: false, fault: kind, description };
}

/** @throws what is not the token's fault. */
function faultOf(error: unknown): Verified {
  if (error instanceof errors.JWTExpired) return fault('expired', 'the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return fault('claims', `the token is not for this: ${error.claim}`);
  if (error instanceof errors.JOSEAlgNotAllowed) return fault('algorithm', 'the token is signed in another way');
  if (error instanceof errors.JWSSignatureVerificationFailed) return fault('signature', 'the signature is wrong');
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return fault('key', 'the token is signed with an unknown key');
  if (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return fault('malformed', causeOf(error));
  throw error;
}
