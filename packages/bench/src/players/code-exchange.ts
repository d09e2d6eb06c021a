import { Agent, request } from 'node:http';
import { TACHYON_SCOPE } from '@muster/tachyon';

/** What every player of a benchmark says when it signs in: a code is worth nothing without its verifier. */
export const SIGN_IN = {
  clientId: 'generic_lobby',
  redirectUri: 'http://127.0.0.1:1/oauth2callback',
  verifier: 'bench-bench-bench-bench-bench-bench-bench-bench',
} as const;

const SOCKETS_MAX = 64;
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };

// Not `fetch`: it costs the load generator as much as the answer costs the server, on the same machine.
const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });

/** The request of a token endpoint that exchanges this code. */
export function codeForm(code: string): string {
  return new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: SIGN_IN.clientId,
    scope: TACHYON_SCOPE,
    code,
    code_verifier: SIGN_IN.verifier,
    redirect_uri: SIGN_IN.redirectUri,
  }).toString();
}

/** Posts a form. @returns the answer's text, whatever its status. @throws Error where none came in time */
export function postForm(url: string, form: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: 'POST', headers: { ...HEADERS, 'content-length': form.length } });
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    asked.end(form);
  });
}

/** @throws Error with what the token endpoint said, where it gave none */
export function accessTokenIn(text: string): string {
  const { access_token: token } = JSON.parse(text) as { readonly access_token?: string };
  if (typeof token !== 'string') throw new Error(`the token endpoint answered ${text}`);
  return token;
}
