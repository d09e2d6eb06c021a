import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AdminArguments, AdminCommand } from '@muster/coordinator';
import { Failure } from './failure.js';
import type { CliOptions } from './options.js';
import { type HttpAnswer, NotHere, parsed, refusal, silent, unreachable } from './refusals.js';

export interface AdminClientSetup {
  /** Tried in this order until one answers. At least one. */
  readonly urls: readonly URL[];
  readonly options: CliOptions;
}

/** An event stream that has begun. */
export interface Followed {
  readonly url: URL;
  /** Text as it comes. Ends with the stream; throws where it was cut. */
  readonly text: AsyncIterable<string>;
}

/**
 * The admin API over HTTP. Node's own client rather than `fetch`: that one ends a stream in which nothing was said for five minutes,
 * and a healthy cluster says nothing for days.
 */
export class AdminClient {
  private readonly urls: readonly URL[];
  private readonly options: CliOptions;

  constructor({ urls, options }: AdminClientSetup) {
    this.urls = urls;
    this.options = options;
  }

  /** The answer's JSON text, as it came. @throws Failure */
  call<Command extends AdminCommand>(command: Command, args: AdminArguments[Command]): Promise<string> {
    const body = JSON.stringify(args);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return this.anyOf((url, timeoutMs) =>
      within(url, timeoutMs, async (late) => {
        const place = endpoint(url, `api/v1/admin/${command}`);
        const response = await open(place, { method: 'POST', headers, signal: late }, body);
        const answer = await this.read(response);
        if (answer.status !== 200 || parsed(answer.text) === undefined) throw refusal(url, answer);
        return answer.text;
      }),
    );
  }

  /** Events from now on, until `ends` is aborted. @throws Failure where no stream began. */
  follow(ends: AbortSignal): Promise<Followed> {
    const headers = { accept: 'text/event-stream' };
    return this.anyOf((url, timeoutMs) =>
      within(url, timeoutMs, async (late) => {
        const signal = AbortSignal.any([ends, late]);
        const response = await open(endpoint(url, 'api/v1/events'), { headers, signal });
        if (!response.headers['content-type']?.startsWith('text/event-stream')) {
          throw refusal(url, await this.read(response));
        }
        response.socket.setKeepAlive(true, this.options.keepAliveMs);
        response.setEncoding('utf8');
        return { url, text: response as AsyncIterable<string> };
      }),
    );
  }

  /** Asks one address after the other, the leader's next where an answer names it. Each gets an equal part of the time that is left. */
  private async anyOf<Answer>(ask: (url: URL, timeoutMs: number) => Promise<Answer>): Promise<Answer> {
    const until = performance.now() + this.options.timeoutMs;
    const left = [...this.urls];
    const tried = new Set<string>();
    let best: NotHere | undefined;
    for (let url = left.shift(); url !== undefined; url = left.shift()) {
      tried.add(url.href);
      try {
        return await ask(url, Math.max(1, (until - performance.now()) / (left.length + 1)));
      } catch (error) {
        if (!(error instanceof NotHere)) throw error;
        // "I do not lead" says more than "nobody is here": the cluster runs.
        if (best === undefined || error.code === 'NOT_LEADER') best = error;
        if (error.leader && !tried.has(error.leader.href)) left.unshift(error.leader);
      }
    }
    throw best!;
  }

  private async read(response: IncomingMessage): Promise<HttpAnswer> {
    const max = this.options.answerBytesMax;
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length > max) throw new Error(`its answer has more than ${max} bytes`);
    }
    return { status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') };
  }
}

/** Ends `work` after `timeoutMs`, and says in a sentence what the network says in codes. */
async function within<Answer>(
  url: URL,
  timeoutMs: number,
  work: (late: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await work(late.signal);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw late.signal.aborted ? silent(url, timeoutMs) : unreachable(url, error);
  } finally {
    clearTimeout(timer);
  }
}

function endpoint(url: URL, path: string): URL {
  return new URL(path, url.href.endsWith('/') ? url.href : `${url.href}/`);
}

function open(url: URL, options: RequestOptions, body?: string): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // No agent: a kept connection would keep this process.
    const request = send(url, { ...options, agent: false }, resolve);
    request.on('error', reject);
    request.end(body);
  });
}
