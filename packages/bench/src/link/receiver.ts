// The process that takes messages and checks each of them. One run at a time.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { MemoryMetrics, SystemClock, silentLog } from '@muster/ports';
import { GrpcNetwork, Link } from '@muster/wire';
import { answering } from '../child.js';
import {
  type Addresses,
  BARE_OPTIONS,
  BATCHED_PATH,
  isBare,
  isCommand,
  type LinkRun,
  MESSAGE_BYTES,
  PLAIN_PATH,
  type Receipt,
  raw,
} from './subjects.js';

type Stream = ServerDuplexStream<Buffer, Buffer>;

let expected = 0;
let received = 0;
let wrong = 0;

/** Counts one message; true where it was the run's last. */
function took(right: boolean): boolean {
  received += 1;
  if (!right) wrong += 1;
  return received === expected;
}

function receipt(): Buffer {
  return Buffer.from(JSON.stringify({ received, wrong } satisfies Receipt));
}

async function listenLink(): Promise<string> {
  const clock = new SystemClock();
  const metrics = new MemoryMetrics();
  const listener = await new GrpcNetwork({ clock }).listen('127.0.0.1:0', (connection) => {
    const link: Link = new Link({
      connection,
      clock,
      metrics,
      log: silentLog,
      handler: {
        envelope: (_lane, envelope) => {
          const right =
            envelope.type === 'command' && envelope.body.request === received + 1 && isCommand(envelope.body.data);
          if (took(right)) link.send('data', { type: 'reply', body: { request: expected, data: receipt() } });
        },
        closed: () => undefined,
      },
    });
  });
  return listener.address;
}

function onPlain(stream: Stream): void {
  stream.on('data', (bytes: Buffer) => {
    if (took(bytes.length === MESSAGE_BYTES && isBare(bytes, 0, received + 1))) stream.write(receipt());
  });
  endWith(stream);
}

/** Each frame holds messages of one length, one after the other. */
function onBatched(stream: Stream): void {
  stream.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      if (took(isBare(bytes, at, received + 1))) stream.write(receipt());
    }
  });
  endWith(stream);
}

function endWith(stream: Stream): void {
  stream.on('error', () => undefined);
  stream.on('end', () => stream.end());
}

function listenBare(): Promise<string> {
  const bidi = (path: string) => ({
    path,
    requestStream: true as const,
    responseStream: true as const,
    requestSerialize: raw.serialize,
    requestDeserialize: raw.deserialize,
    responseSerialize: raw.serialize,
    responseDeserialize: raw.deserialize,
  });
  const server = new Server(BARE_OPTIONS);
  server.addService({ plain: bidi(PLAIN_PATH), batched: bidi(BATCHED_PATH) }, { plain: onPlain, batched: onBatched });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

answering({
  listen: async (): Promise<Addresses> => {
    const [link, bare] = await Promise.all([listenLink(), listenBare()]);
    return { link, plain: bare, batched: bare };
  },
  expect: ({ messages }: LinkRun): void => {
    expected = messages;
    received = 0;
    wrong = 0;
  },
  cpu: () => process.cpuUsage(),
});
