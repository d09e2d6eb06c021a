// The load generator: a closed loop of clients against either server, in a process of its own.
import { Http } from '@muster/client';
import { answering } from '../child.js';
import { quantile } from '../rounds.js';
import { LoadClient } from './load-client.js';

export type Side = 'ours' | 'raw';

export interface Joined {
  readonly clients: number;
  /** Length of an answer, and one of them behind its id. */
  readonly answerBytes: number;
  readonly sample: string;
}

export interface LoadRun {
  readonly side: Side;
  readonly forMs: number;
}

export interface LoadSample {
  readonly asked: number;
  readonly completed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SIGN_INS_AT_ONCE = 20;
const HTTP_TIMEOUT_MS = 30_000;
/** After the end of a run, for the answers that are still under way. */
const STRAGGLERS_MS = 10_000;

const clients: Record<Side, LoadClient[]> = { ours: [], raw: [] };

async function signIn({ gateway, count }: { readonly gateway: string; readonly count: number }): Promise<Joined> {
  const http = new Http(HTTP_TIMEOUT_MS);
  const metadata = await http.metadata(gateway);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      clients.ours[index] = await LoadClient.signIn(gateway, http, metadata, index);
    }
  };
  await Promise.all(Array.from({ length: SIGN_INS_AT_ONCE }, worker));
  await once('ours');
  const [first] = clients.ours;
  return { clients: clients.ours.length, answerBytes: first!.answerBytes, sample: first!.sample };
}

/** As many clients as there are of ours, with the same requests. */
async function connectRaw({ url }: { readonly url: string }): Promise<Joined> {
  for (const [index, { userId }] of clients.ours.entries()) clients.raw.push(await LoadClient.raw(url, index, userId));
  await once('raw');
  const [first] = clients.raw;
  return { clients: clients.raw.length, answerBytes: first!.answerBytes, sample: first!.sample };
}

/** Every client asks one question: from then on, each knows what its answers look like. */
async function once(side: Side): Promise<void> {
  const { asked, completed } = await run({ side, forMs: 0 });
  if (asked !== completed) throw new Error(`${side}: ${completed} of ${asked} clients were answered`);
}

async function run({ side, forMs }: LoadRun): Promise<LoadSample> {
  const all = clients[side];
  const latencies: number[] = [];
  let asked = 0;
  let answered = 0;
  let wrong = 0;
  const from = performance.now();
  const until = from + forMs;
  const finished = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, forMs + STRAGGLERS_MS);
    for (const client of all) {
      client.listen((latencyMs, right) => {
        answered += 1;
        if (!right) wrong += 1;
        latencies.push(latencyMs);
        if (performance.now() < until) {
          asked += 1;
          client.ask();
        } else if (answered === asked) {
          clearTimeout(timer);
          resolve();
        }
      });
    }
  });
  asked = all.length;
  for (const client of all) client.ask();
  await finished;
  const seconds = (performance.now() - from) / 1_000;
  return {
    asked,
    completed: answered - wrong,
    seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

answering({ signIn, connectRaw, run });
