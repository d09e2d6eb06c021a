import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EmbeddedIssuer } from '../oauth/embedded-issuer.js';
import { metadata, originFor } from '../oauth/metadata.js';
import type { OAuthOptions } from '../oauth/options.js';
import { failed, type HttpReply, limited, succeeded } from '../oauth/reply.js';
import { addressOf } from './address.js';
import type { EdgeCounts } from './edge-counts.js';
import type { GatewayServerOptions } from './options.js';
import type { RequestLimits } from './request-limits.js';
import type { Door } from './sign-in.js';
import { TACHYON_PATH } from './upgrade.js';

export interface RoutesSetup {
  readonly issuer: EmbeddedIssuer;
  readonly door: Door;
  readonly limits: RequestLimits;
  readonly counts: EdgeCounts;
  readonly oauth: OAuthOptions;
  readonly options: GatewayServerOptions;
  /** Where we listen, as an origin. */
  readonly listening: () => string;
}

/** Everything that is asked over plain HTTP. */
export function addRoutes(app: FastifyInstance, setup: RoutesSetup): void {
  const { issuer, door, limits, counts, oauth, options } = setup;
  // The OAuth2 library and we read forms ourselves: repeated names must be seen.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const retryAfterMs = limits.address(addressOf(request.raw, options.proxies));
    if (retryAfterMs !== undefined) return answer(reply, limited(retryAfterMs));
  });
  app.addHook('onResponse', async (_request, reply) => counts.answered(reply.statusCode));

  app.get('/.well-known/oauth-authorization-server', (request, reply) => {
    const origin = originFor(oauth, request.headers.host, setup.listening());
    return answer(reply, succeeded(metadata(origin), { 'cache-control': 'public, max-age=60' }));
  });
  app.get('/oauth/authorize', async (request, reply) => answer(reply, await issuer.authorize(queryOf(request))));
  app.post('/oauth/token', async (request, reply) => {
    const { 'content-type': type, authorization } = request.headers;
    return answer(reply, await issuer.token(type, authorization, String(request.body ?? '')));
  });
  app.get('/oauth/jwks', async (_request, reply) => answer(reply, await issuer.jwks()));
  app.get('/oauth/userinfo', async (request, reply) => {
    const signIn = await door.admit(request.raw, 'request');
    if (!signIn.ok) return answer(reply, signIn.reply);
    if (!('account' in signIn)) return answer(reply, failed(403, 'unauthorized_client', 'an autohost is nobody'));
    const { id, username, displayName } = signIn.account;
    return answer(reply, succeeded({ sub: id, preferred_username: username, name: displayName }));
  });
  app.get(TACHYON_PATH, (_request, reply) =>
    answer(reply, failed(426, 'invalid_request', 'this is a WebSocket', { upgrade: 'websocket' })),
  );
  app.setNotFoundHandler((_request, reply) => answer(reply, failed(404, 'not_found', 'there is nothing here')));
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) return answer(reply, failed(500, 'server_error', 'try again'));
    return answer(reply, failed(status, 'invalid_request', 'the request cannot be read'));
  });
}

function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function answer(reply: FastifyReply, { status, headers, body }: HttpReply): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
