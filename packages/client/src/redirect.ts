import { ClientError } from './errors.js';
import type { Http } from './http.js';

/** Pages on the way from the authorization endpoint to the redirect address. */
const HOPS_MAX = 10;

/**
 * Follows an authorization without a person: from page to page, keeping the issuer's cookies, until it redirects to `redirectUri`,
 * which is read and never opened. Works with issuers that sign in at once. Never leaves the issuer's origin.
 * @throws ClientError `sign_in_failed`
 */
export async function followToRedirect(start: URL, redirectUri: string, http: Http): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await http.send(url.href, { headers: cookie === '' ? {} : { cookie } });
    // The body is of no interest, but an unread one keeps its connection.
    await response.body?.cancel();
    keepCookies(cookies, response);
    const location = response.headers.get('location');
    if (location === null) throw new ClientError('sign_in_failed', `${url.pathname} answered ${response.status}`);
    const next = new URL(location, url);
    if (isRedirectTo(next, redirectUri)) return next;
    if (next.origin !== start.origin)
      throw new ClientError('sign_in_failed', `the authorization leads to ${next.origin}: a person is needed`);
    url = next;
  }
  throw new ClientError('sign_in_failed', `no redirect after ${HOPS_MAX} pages`);
}

function isRedirectTo(url: URL, redirectUri: string): boolean {
  const wanted = new URL(redirectUri);
  return url.origin === wanted.origin && url.pathname === wanted.pathname;
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';', 1);
    const at = pair.indexOf('=');
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
}
