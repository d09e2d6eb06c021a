// The process that sends. Each transport is opened once and used for all runs.
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { MemoryMetrics, SystemClock, silentLog } from '@muster/ports';
import { GrpcNetwork, LINK_DEFAULTS, Link } from '@muster/wire';
import { answering } from '../child.js';
import {
  type Addresses,
  BARE_OPTIONS,
  BATCHED_PATH,
  command,
  type LinkRun,
  MESSAGE_BYTES,
  PLAIN_PATH,
  type Receipt,
  raw,
  type Subject,
  writeBare,
} from './subjects.js';

export interface Sent {
  readonly receipt: Receipt;
  readonly seconds: number;
}

/** Sends `messages`; resolves with what the receiver says it got. */
type Transport = (messages: number) => Promise<Receipt>;

const transports = new Map<Subject, Transport>();

/** As much as one turn of a busy gateway's loop hands over before its sockets are read again. */
const BURST = 1_000;

function openLink(address: string): Promise<Transport> {
  const clock = new SystemClock();
  let total = 0;
  let next = 1;
  let paused = false;
  let settled: (receipt: Receipt) => void = () => undefined;
  return new Promise((resolve, reject) => {
    const link = new Link({
      connection: new GrpcNetwork({ clock }).dial(address),
      clock,
      metrics: new MemoryMetrics(),
      log: silentLog,
      handler: {
        open: () =>
          resolve((messages) => {
            total = messages;
            next = 1;
            paused = false;
            pump();
            return new Promise((done) => {
              settled = done;
            });
          }),
        envelope: (_lane, envelope) => {
          if (envelope.type === 'reply') settled(JSON.parse(Buffer.from(envelope.body.data).toString()) as Receipt);
        },
        writable: () => {
          paused = false;
          pump();
        },
        closed: ({ reason }) => reject(new Error(`the link ended: ${reason}`)),
      },
    });
    function pump(): void {
      for (let burst = 0; next <= total && burst < BURST; burst += 1) {
        if (link.send('data', command(next)) === 'full') {
          paused = true;
          return;
        }
        next += 1;
      }
      if (next <= total && !paused) setImmediate(pump);
    }
  });
}

function openBare(
  address: string,
  path: string,
  write: (stream: ClientDuplexStream<Buffer, Buffer>, total: number) => void,
): Transport {
  const client = new Client(address, credentials.createInsecure(), BARE_OPTIONS);
  const stream = client.makeBidiStreamRequest(path, raw.serialize, raw.deserialize);
  let settled: (receipt: Receipt) => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  stream.on('data', (bytes: Buffer) => settled(JSON.parse(bytes.toString()) as Receipt));
  stream.on('error', (error) => failed(error));
  return (messages) =>
    new Promise((resolve, reject) => {
      settled = resolve;
      failed = reject;
      write(stream, messages);
    });
}

/** One message a frame, as fast as the stream takes them. */
function writePlain(stream: ClientDuplexStream<Buffer, Buffer>, total: number): void {
  let next = 1;
  const pump = (): void => {
    while (next <= total) {
      const bytes = Buffer.allocUnsafe(MESSAGE_BYTES);
      writeBare(bytes, 0, next);
      next += 1;
      if (!stream.write(bytes)) {
        stream.once('drain', pump);
        return;
      }
    }
  };
  pump();
}

/** Frames as full as our links make them, by hand and without a codec: what batching alone brings. */
function writeBatched(stream: ClientDuplexStream<Buffer, Buffer>, total: number): void {
  const perFrame = Math.floor(LINK_DEFAULTS.frameBytes / MESSAGE_BYTES);
  let next = 1;
  const pump = (): void => {
    while (next <= total) {
      const count = Math.min(perFrame, total - next + 1);
      const bytes = Buffer.allocUnsafe(count * MESSAGE_BYTES);
      for (let i = 0; i < count; i += 1) writeBare(bytes, i * MESSAGE_BYTES, next + i);
      next += count;
      if (!stream.write(bytes)) {
        stream.once('drain', pump);
        return;
      }
    }
  };
  pump();
}

answering({
  connect: async (addresses: Addresses): Promise<void> => {
    transports.set('link', await openLink(addresses.link));
    transports.set('plain', openBare(addresses.plain, PLAIN_PATH, writePlain));
    transports.set('batched', openBare(addresses.batched, BATCHED_PATH, writeBatched));
  },
  send: async ({ subject, messages }: LinkRun): Promise<Sent> => {
    const from = performance.now();
    const receipt = await transports.get(subject)!(messages);
    return { receipt, seconds: (performance.now() - from) / 1_000 };
  },
  cpu: () => process.cpuUsage(),
});
