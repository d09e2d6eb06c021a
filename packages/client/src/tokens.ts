import { ClientError } from './errors.js';
import type { Http } from './http.js';
import type { SignIn, Tokens } from './sign-in.js';

/** Renew after this part of a token's life: a failure leaves the other half to try again. */
const RENEW_AFTER = 0.5;
/** Before a renewal that failed is tried again, at the earliest. */
const RENEW_AGAIN_MS = 5_000;
/** The longest delay `setTimeout` takes without firing at once (2^31 − 1 ms). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Keeps a valid access token: signs in once, renews at half of its life, signs in again where renewing is refused. */
export class TokenKeeper {
  private readonly signIn: SignIn;
  private readonly http: Http;
  private baseUrl: string;
  private tokens: (Tokens & { readonly obtainedAt: number }) | undefined;
  private underWay: Promise<string> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(signIn: SignIn, http: Http, baseUrl: string) {
    this.signIn = signIn;
    this.http = http;
    this.baseUrl = baseUrl;
  }

  /** An access token with at least something of its life left; several callers share one sign-in. @throws ClientError */
  current(): Promise<string> {
    const { tokens } = this;
    if (tokens && performance.now() < tokens.obtainedAt + tokens.lifetimeMs * RENEW_AFTER)
      return Promise.resolve(tokens.accessToken);
    this.underWay ??= this.renew().finally(() => {
      this.underWay = undefined;
    });
    return this.underWay;
  }

  /** Tokens are renewed at the server that serves at the moment: any of them answers for any other. */
  comeFrom(baseUrl: string): void {
    this.baseUrl = baseUrl;
  }

  /** The server refused the access token: the next one is obtained, whatever its life says. */
  reject(): void {
    if (this.tokens) this.tokens = { ...this.tokens, lifetimeMs: 0 };
  }

  /** Renews on its own from now on, so that a reconnect need not wait for it. */
  start(): void {
    this.stop();
    if (!this.tokens) return;
    const dueAt = this.tokens.obtainedAt + this.tokens.lifetimeMs * RENEW_AFTER;
    this.schedule(Math.max(0, dueAt - performance.now()));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(
      () => {
        this.current().then(
          () => this.timer && this.start(),
          () => this.timer && this.schedule(RENEW_AGAIN_MS),
        );
      },
      Math.min(delayMs, LONGEST_TIMEOUT_MS),
    );
    unref(this.timer);
  }

  private async renew(): Promise<string> {
    const old = this.tokens;
    try {
      const metadata = await this.http.metadata(this.baseUrl);
      const tokens = old?.refreshToken
        ? await this.signIn.refresh(this.http, metadata, old.refreshToken).catch((error: unknown) => {
            // Used up or revoked: whoever can sign in again may. A server in trouble says nothing about the token.
            if (error instanceof ClientError && error.code === 'sign_in_failed') return undefined;
            throw error;
          })
        : undefined;
      const fresh = tokens ?? (await this.signIn.obtain(this.http, metadata));
      this.tokens = {
        ...fresh,
        refreshToken: fresh.refreshToken ?? (tokens ? old?.refreshToken : undefined),
        obtainedAt: performance.now(),
      };
      return fresh.accessToken;
    } catch (error) {
      if (old && performance.now() < old.obtainedAt + old.lifetimeMs && isTransient(error)) return old.accessToken;
      throw error;
    }
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'unreachable';
}

/** Node keeps a process alive for its timers; browsers have numbers here and do not. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object') timer.unref();
}
