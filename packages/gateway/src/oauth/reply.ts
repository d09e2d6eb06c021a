/** An HTTP answer, before it becomes bytes. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or nothing. */
  readonly body?: unknown;
}

/** Errors of RFC 6749 and 6750, and `rate_limited`. */
export type OAuthErrorName =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'server_error'
  | 'not_found'
  | 'rate_limited';

const NEVER_KEPT = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** Something went wrong, as every client of OAuth2 understands it. */
export function failed(
  status: number,
  error: OAuthErrorName,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return {
    status,
    headers: { ...NEVER_KEPT, ...headers },
    body: { error, error_description: description },
  };
}

/** Too many requests: `retryAfter` in seconds, in the body and as the header. */
export function limited(retryAfterMs: number, description = 'too many requests'): HttpReply {
  const retryAfter = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return {
    status: 429,
    headers: { ...NEVER_KEPT, 'retry-after': String(retryAfter) },
    body: { error: 'rate_limited', error_description: description, retryAfter },
  };
}

export function succeeded(body: unknown, headers: Readonly<Record<string, string>> = NEVER_KEPT): HttpReply {
  return { status: 200, headers, body };
}
