import { ClientError } from './errors.js';

/** The part of `fetch` that is used, so that a caller can bring its own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Endpoints of the authorization server (RFC 8414). */
export interface Metadata {
  readonly issuer: string;
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string;
}

export class Http {
  private readonly fetch: Fetch;
  private readonly timeoutMs: number;

  constructor(timeoutMs: number, doFetch: Fetch = (url, init) => fetch(url, init)) {
    this.fetch = doFetch;
    this.timeoutMs = timeoutMs;
  }

  /** One request; redirects are the caller's matter. @throws ClientError `unreachable` when there is no answer in time. */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await this.fetch(url, { redirect: 'manual', ...init, signal: AbortSignal.timeout(this.timeoutMs) });
    } catch (error) {
      throw new ClientError('unreachable', `${new URL(url).origin} does not answer`, { cause: error });
    }
  }

  /** @throws ClientError `unreachable` for a server in trouble, `sign_in_failed` with the server's own words otherwise. */
  async json(url: string, init: RequestInit = {}): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.send(url, init);
    const body: unknown = await response.json().catch(() => undefined);
    const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
    if (response.ok && body !== undefined) return fields;
    const said = [fields.error, fields.error_description].filter((part) => typeof part === 'string').join(': ');
    const message = `${new URL(url).pathname} answered ${response.status}${said ? ` ${said}` : ''}`;
    throw new ClientError(
      response.status >= 500 || response.status === 429 ? 'unreachable' : 'sign_in_failed',
      message,
    );
  }

  /** @throws ClientError */
  async metadata(baseUrl: string): Promise<Metadata> {
    const fields = await this.json(new URL('/.well-known/oauth-authorization-server', baseUrl).href);
    const { issuer, authorization_endpoint: authorize, token_endpoint: token } = fields;
    if (typeof issuer !== 'string' || typeof token !== 'string')
      throw new ClientError('sign_in_failed', 'the metadata document names no issuer or no token endpoint');
    return {
      issuer,
      tokenEndpoint: token,
      authorizationEndpoint: typeof authorize === 'string' ? authorize : undefined,
    };
  }
}
