import { type Clock, type Millis, MusterError, type SigningKeys } from '@muster/ports';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

export const SIGNING_ALGORITHM = 'EdDSA';
/** Least time between two looks into storage for a key that is not known here. */
const RELOAD_COOLDOWN_MS = 5_000;

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** The keys that sign access tokens: made by whichever gateway came first, kept in storage, the same at all of them. */
export class SigningKeyring {
  private readonly stored: SigningKeys;
  private readonly clock: Clock;
  /** Newest first. */
  private keys: readonly Key[] = [];
  private loading: Promise<void> | undefined;
  private loadedAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(stored: SigningKeys, clock: Clock) {
    this.stored = stored;
    this.clock = clock;
  }

  get loaded(): boolean {
    return this.keys.length > 0;
  }

  /** The key to sign with; made, where there is none yet. @throws MusterError STORAGE_UNAVAILABLE */
  async current(): Promise<Key> {
    if (this.keys.length === 0) await this.load();
    return this.keys[0]!;
  }

  /** The public half of a key, or undefined. Another gateway may have made it a moment ago: storage is asked, now and then. */
  async find(kid: string): Promise<CryptoKey | undefined> {
    const known = this.keys.find((key) => key.kid === kid);
    if (known) return known.publicKey;
    if (this.clock.monotonic() - this.loadedAt < RELOAD_COOLDOWN_MS) return undefined;
    await this.load();
    return this.keys.find((key) => key.kid === kid)?.publicKey;
  }

  /** What `/oauth/jwks` publishes. */
  async published(): Promise<{ readonly keys: readonly JWK[] }> {
    await this.current();
    return { keys: this.keys.map(({ publicJwk }) => publicJwk) };
  }

  private load(): Promise<void> {
    this.loading ??= this.read().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async read(): Promise<void> {
    let stored = await this.stored.list();
    if (stored.length === 0) stored = [await this.stored.putFirst(await generate(this.clock.now()))];
    this.keys = await Promise.all(stored.map(({ kid, jwk }) => imported(kid, jwk)));
    this.loadedAt = this.clock.monotonic();
  }
}

async function generate(now: Millis): Promise<{ kid: string; jwk: string; createdAt: Millis }> {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { kid: await calculateJwkThumbprint(jwk), jwk: JSON.stringify(jwk), createdAt: Math.floor(now) };
}

async function imported(kid: string, text: string): Promise<Key> {
  const { d, ...open } = JSON.parse(text) as JWK;
  const privateKey = await importJWK({ ...open, ...(d !== undefined && { d }) }, SIGNING_ALGORITHM);
  const publicKey = await importJWK(open, SIGNING_ALGORITHM);
  if (privateKey instanceof Uint8Array || publicKey instanceof Uint8Array || d === undefined)
    throw new MusterError('STORAGE_MISMATCH', { found: `key ${kid}`, expected: 'a private signing key' });
  return { kid, privateKey, publicKey, publicJwk: { ...open, kid, alg: SIGNING_ALGORITHM, use: 'sig' } };
}
