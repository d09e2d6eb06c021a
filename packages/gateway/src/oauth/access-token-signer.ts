import { type Clock, type Random, uuid } from '@muster/ports';
import { SignJWT } from 'jose';
import type { EmbeddedIssuerOptions } from './options.js';
import { SIGNING_ALGORITHM, type SigningKeyring } from './signing-keys.js';
import { ACCESS_TOKEN_TYPE, ROLE_CLAIM } from './token-verifier.js';

/** Makes the embedded issuer's access tokens (RFC 9068): any gateway verifies them without asking anybody. */
export class AccessTokenSigner {
  private readonly keyring: SigningKeyring;
  private readonly options: EmbeddedIssuerOptions;
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(keyring: SigningKeyring, options: EmbeddedIssuerOptions, clock: Clock, random: Random) {
    this.keyring = keyring;
    this.options = options;
    this.clock = clock;
    this.random = random;
  }

  /** @throws MusterError STORAGE_UNAVAILABLE where the key cannot be had */
  async sign(
    { id, role }: { readonly id: string; readonly role: 'player' | 'bot' },
    clientId: string,
    scope: readonly string[],
  ): Promise<string> {
    const { kid, privateKey } = await this.keyring.current();
    const now = Math.floor(this.clock.now() / 1_000);
    return new SignJWT({ scope: scope.join(' '), client_id: clientId, [ROLE_CLAIM]: role })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ: ACCESS_TOKEN_TYPE })
      .setIssuer(this.options.issuer)
      .setAudience(this.options.audience)
      .setSubject(id)
      .setJti(uuid(this.random))
      .setIssuedAt(now)
      .setExpirationTime(now + Math.floor(this.options.accessLifetimeMs / 1_000))
      .sign(privateKey);
  }
}
