import type { ServerResponse } from 'node:http';
import { type Clock, causeOf, ERRORS, isMusterError, type Log, MusterError } from '@muster/ports';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { PrometheusMetrics } from '../telemetry/prometheus-metrics.js';

/** One thing a process needs to be of use. */
export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** For people; empty where there is nothing to say. */
  readonly detail: string;
}

/** One more that somebody else has to answer: a store, a database. */
export interface ReadyAsk {
  readonly name: string;
  /** Rejects where it is not as it should be. */
  readonly ask: () => Promise<unknown>;
}

/** The admin API's commands, where the process can answer them: a coordinator. */
export interface AdminBackend {
  /** @throws MusterError NOT_FOUND, INVALID_REQUEST, NOT_LEADER, … */
  call(command: string, args: unknown, who: string): Promise<unknown>;
  /** Calls `listener` with each event from now on; returns how to stop. */
  follow(listener: (event: unknown) => void): Promise<() => void>;
}

export interface AdminServerSetup {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PrometheusMetrics;
  readonly checkTimeoutMs: number;
  /** Asked at each `/readyz`. */
  readonly ready: () => Promise<readonly ReadyCheck[]> | readonly ReadyCheck[];
  /** Asked as well, all at once. */
  readonly asks?: readonly ReadyAsk[];
  readonly backend?: AdminBackend;
}

/** Operators' requests are small; whatever is larger is a mistake. */
const BODY_BYTES_MAX = 64 * 1024;
/** Followers of events at once. Lower: fewer consoles. Higher: one event is written more often. */
const FOLLOWERS_MAX = 64;
/** A follower that has this much unread is cut off: it can come back, and memory cannot. */
const FOLLOWER_BUFFER_BYTES_MAX = 1024 * 1024;

const HTTP_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  FAILED_PRECONDITION: 409,
  UNIMPLEMENTED: 404,
  PERMISSION_DENIED: 403,
  DEADLINE_EXCEEDED: 504,
  RESOURCE_EXHAUSTED: 429,
};

/**
 * Health, metrics and the admin API of one process, over HTTP:
 * `GET /livez` or `/healthz` (the loop turns), `GET /readyz[?verbose]`, `GET /metrics`, and in a coordinator
 * `POST /api/v1/admin/<command>` (JSON in and out; errors as `{code, message, details}`) and `GET /api/v1/events` (server-sent events:
 * ClusterEvents, and after a change of leader a FollowDocument, where some may be missing).
 */
export class AdminServer {
  private readonly setup: AdminServerSetup;
  private readonly http: FastifyInstance;
  private readonly followers = new Set<ServerResponse>();

  constructor(setup: AdminServerSetup) {
    this.setup = setup;
    this.http = fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
    this.health();
    if (setup.backend) this.api(setup.backend);
  }

  /** Returns the address really taken, `host:port`. @throws MusterError ADDRESS_IN_USE */
  async listen(address: string): Promise<string> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon);
    try {
      await this.http.listen({ host, port: Number(address.slice(colon + 1)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new MusterError('ADDRESS_IN_USE', { address });
      throw new MusterError('BAD_CONFIG', { details: `cannot listen at ${address}: ${causeOf(error)}` });
    }
    const taken = this.http.server.address();
    return `${host}:${typeof taken === 'object' && taken !== null ? taken.port : 0}`;
  }

  /** Cuts everybody who follows events: what they follow is gone. */
  endFollowers(): void {
    for (const follower of this.followers) follower.destroy();
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private health(): void {
    // Kubernetes' name, and the older one that many probes know.
    for (const path of ['/livez', '/healthz']) this.http.get(path, () => 'ok\n');
    this.http.get<{ Querystring: { verbose?: string } }>('/readyz', async (request, reply) => {
      const checks = await this.checks();
      const ok = checks.every((check) => check.ok);
      void reply.code(ok ? 200 : 503).type('text/plain; charset=utf-8');
      if (request.query.verbose === undefined) return ok ? 'ok\n' : `not ready: ${names(checks)}\n`;
      const lines = checks.map(
        (check) => `[${check.ok ? '+' : '-'}] ${check.name}${check.detail ? `: ${check.detail}` : ''}`,
      );
      return `${lines.join('\n')}\n${ok ? 'ok' : 'not ready'}\n`;
    });
    this.http.get('/metrics', async (_request, reply) => {
      void reply.type(this.setup.metrics.contentType);
      return this.setup.metrics.text();
    });
    this.http.setErrorHandler((error, _request, reply) => this.refuse(reply, error));
    this.http.setNotFoundHandler((request, reply) =>
      this.refuse(reply, new MusterError('NOT_FOUND', { what: `${request.method} ${request.url}` })),
    );
  }

  /** Whoever does not answer in time is named, and hides nothing of what the others say. */
  private async checks(): Promise<readonly ReadyCheck[]> {
    const { ready, asks = [] } = this.setup;
    const own = this.inTime('checks', ready);
    const others = asks.map(({ name, ask }) => this.inTime(name, () => answered(name, ask)));
    return (await Promise.all([own, ...others])).flat();
  }

  private async inTime(
    name: string,
    answers: () => Promise<readonly ReadyCheck[]> | readonly ReadyCheck[],
  ): Promise<readonly ReadyCheck[]> {
    const { clock, checkTimeoutMs } = this.setup;
    let give: (checks: readonly ReadyCheck[]) => void = () => undefined;
    const late = new Promise<readonly ReadyCheck[]>((resolve) => {
      give = resolve;
    });
    const detail = `not answered within ${checkTimeoutMs} ms`;
    const timer = clock.after(checkTimeoutMs, () => give([{ name, ok: false, detail }]));
    try {
      return await Promise.race([late, answers()]);
    } finally {
      timer.cancel();
    }
  }

  private api(backend: AdminBackend): void {
    this.http.post<{ Params: { command: string } }>('/api/v1/admin/:command', async (request, reply) => {
      void reply.type('application/json; charset=utf-8');
      return (await backend.call(request.params.command, request.body ?? {}, `${request.ip}`)) ?? null;
    });
    this.http.get('/api/v1/events', async (request, reply) => {
      if (this.followers.size >= FOLLOWERS_MAX) throw new MusterError('TOO_MANY_REQUESTS', { max: FOLLOWERS_MAX });
      const socket = reply.raw;
      this.followers.add(socket);
      let stop: () => void = () => undefined;
      request.raw.once('close', () => {
        this.followers.delete(socket);
        stop();
      });
      // What happens before the head is written waits for it.
      let write = (event: string): void => void early.push(event);
      const early: string[] = [];
      stop = await backend.follow((event) => write(`data: ${JSON.stringify(event)}\n\n`));
      if (request.raw.destroyed) return stop();
      void reply.hijack();
      socket.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      socket.write(`: following\n\n${early.join('')}`);
      write = (event) => {
        if (socket.writableLength > FOLLOWER_BUFFER_BYTES_MAX) socket.destroy();
        else socket.write(event);
      };
    });
  }

  private refuse(reply: FastifyReply, error: unknown): void {
    if (isMusterError(error)) {
      const status = HTTP_STATUS[ERRORS[error.code].grpc] ?? 503;
      void reply.code(status).send({ code: error.code, message: error.message, details: error.details });
      return;
    }
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) this.setup.log.write('error', 'admin.failed', { error });
    void reply.code(status).send({ code: 'INVALID_REQUEST', message: causeOf(error), details: {} });
  }
}

function names(checks: readonly ReadyCheck[]): string {
  return checks
    .filter((check) => !check.ok)
    .map((check) => check.name)
    .join(', ');
}

async function answered(name: string, ask: () => Promise<unknown>): Promise<readonly ReadyCheck[]> {
  try {
    await ask();
    return [{ name, ok: true, detail: '' }];
  } catch (error) {
    return [{ name, ok: false, detail: causeOf(error) }];
  }
}
