import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Terminal } from '../terminal.js';
import { NOW_MS } from './documents.js';

export interface Asked {
  readonly command: string;
  readonly args: unknown;
}

export interface FakeAnswer {
  readonly status?: number;
  /** An object is sent as JSON, a text as it is. */
  readonly body: unknown;
}

/** An admin API that answers as it is told. `answer` undefined: never. */
export class FakeAdmin {
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => FakeAnswer | undefined = () => ({ body: {} });
  /** What `GET /api/v1/events` does with each follower. */
  onFollow: (follower: ServerResponse, nth: number) => void = () => undefined;
  private readonly server: Server;
  private follows = 0;

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  /** Its URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    if (request.method === 'GET' && request.url === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': following\n\n');
      this.follows += 1;
      this.onFollow(response, this.follows);
      return;
    }
    const asked = { command: request.url!.replace('/api/v1/admin/', ''), args: JSON.parse(text || '{}') as unknown };
    this.asked.push(asked);
    const answer = this.answer(asked);
    if (answer === undefined) return;
    const { status = 200, body } = answer;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

/** An error as a coordinator sends it. */
export function refused(
  status: number,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): FakeAnswer {
  return { status, body: { code, message, details } };
}

/** A terminal that keeps what was said. */
export class FakeTerminal implements Terminal {
  stdout = '';
  stderr = '';
  readonly colours: boolean;
  readonly env = {};
  private readonly end = new AbortController();
  private readonly waiting = new Set<() => void>();

  constructor({ colours = false } = {}) {
    this.colours = colours;
  }

  out(text: string): void {
    this.stdout += text;
    this.tell();
  }

  err(text: string): void {
    this.stderr += text;
    this.tell();
  }

  nowMs(): number {
    return NOW_MS;
  }

  ended(): AbortSignal {
    return this.end.signal;
  }

  interrupt(): void {
    this.end.abort();
  }

  /** Resolves when this text was said on either stream. */
  said(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.stdout.includes(text) && !this.stderr.includes(text)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  private tell(): void {
    for (const look of [...this.waiting]) look();
  }
}
