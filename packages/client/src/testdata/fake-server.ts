// A small server that speaks as much OAuth2 and Tachyon as the SDK needs, and does what a test tells it to.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

interface Grant {
  readonly user: string;
  readonly challenge: string;
}

export interface Request {
  readonly messageId: string;
  readonly commandId: string;
  readonly data?: unknown;
}

export class FakeServer {
  /** What the server was asked for, in order: `metadata`, `authorize`, `token <grant>`, `upgrade`. */
  readonly asked: string[] = [];
  readonly sockets = new Set<WebSocket>();
  readonly responses: unknown[] = [];
  lifetimeSeconds = 1_800;
  /** Status of refused upgrades; 0: they are taken. */
  refuseUpgrades = 0;
  refuseSignIn = '';
  /** Sends `user/self` on its own. */
  greets = true;
  answer: (request: Request, socket: WebSocket) => void = (request, socket) =>
    send(socket, { ...request, type: 'response', status: 'success', data: request.data });
  private readonly codes = new Map<string, Grant>();
  private readonly refreshTokens = new Map<string, string>();
  private readonly accessTokens: Map<string, string>;
  private readonly http: Server;
  private readonly webSockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0]! });
  private issued = 0;

  /** `twin`: another server of the same cluster, whose access tokens are good here. */
  constructor(twin?: FakeServer) {
    this.accessTokens = twin?.accessTokens ?? new Map();
    this.http = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => this.serve(request, new URLSearchParams(body), response));
    });
    this.http.on('upgrade', (request, socket, head) => {
      this.asked.push('upgrade');
      const user = this.accessTokens.get(String(request.headers.authorization).replace('Bearer ', ''));
      const status = this.refuseUpgrades || (user === undefined ? 401 : 0);
      if (status) {
        const text = JSON.stringify({ error: 'no', error_description: 'not you' });
        socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${text.length}\r\nretry-after: 0\r\n\r\n${text}`);
      } else this.webSockets.handleUpgrade(request, socket, head, (webSocket) => this.welcome(webSocket, user!));
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  event(commandId: string, data: unknown): void {
    for (const socket of this.sockets) send(socket, { type: 'event', messageId: 'e', commandId, data });
  }

  request(commandId: string, data: unknown): void {
    for (const socket of this.sockets) send(socket, { type: 'request', messageId: 'r', commandId, data });
  }

  /** Forgets every access token it gave. */
  revokeAccess(): void {
    this.accessTokens.clear();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private welcome(socket: WebSocket, user: string): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Request & { type: string };
      if (message.type === 'request') this.answer(message, socket);
      else this.responses.push(message);
    });
    if (this.greets && user !== 'bot')
      send(socket, { type: 'event', messageId: 's', commandId: 'user/self', data: { user: { username: user } } });
  }

  private serve(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      this.asked.push('metadata');
      const endpoint = (path: string) => `${this.url}${path}`;
      json(response, 200, {
        issuer: this.url,
        authorization_endpoint: endpoint('/oauth/authorize'),
        token_endpoint: endpoint('/oauth/token'),
      });
    } else if (url.pathname === '/oauth/authorize') this.authorize(url, response);
    else if (url.pathname === '/oauth/interaction') this.interact(request, url, response);
    else if (url.pathname === '/oauth/token') this.token(request, form, response);
    else json(response, 404, {});
  }

  /** In two pages with a cookie between them, as issuers do it. */
  private authorize(url: URL, response: ServerResponse): void {
    this.asked.push('authorize');
    response.writeHead(302, { location: `/oauth/interaction${url.search}`, 'set-cookie': 'visit=1; Path=/; HttpOnly' });
    response.end();
  }

  private interact(request: IncomingMessage, url: URL, response: ServerResponse): void {
    if (request.headers.cookie !== 'visit=1') {
      json(response, 400, { error: 'no_cookie' });
      return;
    }
    const back = new URL(url.searchParams.get('redirect_uri')!);
    const code = `code-${++this.issued}`;
    if (this.refuseSignIn) back.searchParams.set('error', this.refuseSignIn);
    else back.searchParams.set('code', code);
    back.searchParams.set('state', url.searchParams.get('state') ?? '');
    const user = url.searchParams.get('login_hint') ?? 'guest';
    this.codes.set(code, { user, challenge: url.searchParams.get('code_challenge') ?? '' });
    response.writeHead(302, { location: back.href });
    response.end();
  }

  private token(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): void {
    const grant = form.get('grant_type') ?? '';
    this.asked.push(`token ${grant}`);
    const user = this.userOf(grant, form, request.headers.authorization);
    if (user === undefined) {
      json(response, 400, { error: 'invalid_grant', error_description: 'used up' });
      return;
    }
    const access = `access-${++this.issued}`;
    const refresh = `refresh-${this.issued}`;
    this.accessTokens.set(access, user);
    if (user !== 'bot') this.refreshTokens.set(refresh, user);
    json(response, 200, {
      access_token: access,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      ...(user === 'bot' ? {} : { refresh_token: refresh }),
    });
  }

  private userOf(grant: string, form: URLSearchParams, authorization: string | undefined): string | undefined {
    if (grant === 'client_credentials')
      return authorization === `Basic ${btoa('auto%3Ahost:s%20e')}` ? 'bot' : undefined;
    if (grant === 'refresh_token') {
      const token = form.get('refresh_token') ?? '';
      const user = this.refreshTokens.get(token);
      this.refreshTokens.delete(token);
      return user;
    }
    const code = this.codes.get(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    return code?.challenge === challenge ? code.user : undefined;
  }
}

export function send(socket: WebSocket, message: unknown): void {
  socket.send(JSON.stringify(message));
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
