import { causeOf } from '@muster/ports';
import { shown } from './admin-address.js';
import type { AdminClient, Followed } from './admin-client.js';
import { EventStream } from './event-stream.js';
import { Failure } from './failure.js';
import type { CliOptions } from './options.js';
import { parsed } from './refusals.js';

export interface FollowSetup {
  readonly client: AdminClient;
  readonly options: CliOptions;
  /** Ends it, without an error. */
  readonly ends: AbortSignal;
  /** One event's JSON text. */
  readonly event: (text: string) => void;
  /** Something to tell the person, not the data. */
  readonly notice: (text: string) => void;
}

/**
 * Follows the cluster's events until `ends`. A stream ends with its coordinator, so a change of leader cuts it: it connects again
 * and says that what happened in between is missing. @throws Failure where nobody answered at first, or for too long afterwards.
 */
export async function follow({ client, options, ends, event, notice }: FollowSetup): Promise<void> {
  let followed: Followed | undefined;
  try {
    followed = await client.follow(ends);
    notice(`following ${shown(followed.url)}; Ctrl-C ends`);
    while (!ends.aborted) {
      const why = await drain(followed, event);
      if (ends.aborted) return;
      notice(`${shown(followed.url)} ended the stream (${why}): connecting again`);
      followed = await again(client, options, ends);
      notice(`following ${shown(followed.url)} again; events in between are not shown`);
    }
  } catch (error) {
    if (!ends.aborted) throw error;
  }
}

/** Every event of one stream; returns why it ended. */
async function drain({ text }: Followed, event: (text: string) => void): Promise<string> {
  const stream = new EventStream();
  try {
    for await (const piece of text) {
      for (const data of stream.push(piece)) if (parsed(data) !== undefined) event(data);
    }
    return 'closed';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'cut' : causeOf(error);
  }
}

async function again(client: AdminClient, options: CliOptions, ends: AbortSignal): Promise<Followed> {
  const until = performance.now() + options.reconnectForMs;
  for (let pauseMs = options.reconnectMinMs; ; pauseMs = Math.min(pauseMs * 2, options.reconnectMaxMs)) {
    // Also before the first try: whoever accepts streams only to end them is not asked in a loop.
    await pause(pauseMs, ends);
    try {
      return await client.follow(ends);
    } catch (error) {
      const mayPass = error instanceof Failure && error.passes;
      if (ends.aborted || !mayPass || performance.now() > until) throw error;
    }
  }
}

function pause(ms: number, ends: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      ends.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    ends.addEventListener('abort', done);
  });
}
