import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

/** A token of any header and claims, signed with whatever key. */
export function signed(
  key: CryptoKey | Uint8Array,
  header: JWTHeaderParameters,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** A token that nobody signed. */
export function unsigned(header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.`;
}

/** Header and claims of a token, unverified. */
export function opened(token: string): { header: JWTHeaderParameters; claims: Record<string, unknown> } {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header!) as JWTHeaderParameters, claims: JSON.parse(claims!) as Record<string, unknown> };
}

/** Somebody else's issuer: a key set behind a URL. */
export class KeyServer {
  private readonly server: Server;
  private keys: JWK[] = [];
  /** Fetches so far. */
  fetches = 0;
  broken = false;

  constructor() {
    this.server = createServer((_request, response) => {
      this.fetches += 1;
      response.writeHead(this.broken ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: this.keys }));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** Makes and publishes a key. */
  async add(kid: string, alg = 'ES256'): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    this.keys = [...this.keys, { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }];
    return privateKey;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
