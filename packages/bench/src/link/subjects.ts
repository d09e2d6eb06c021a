import { type EnvelopeInit, encodeEnvelope, GRPC_DEFAULTS } from '@muster/wire';

/** Ways to get small messages from one process to another. */
export type Subject = 'link' | 'plain' | 'batched';
export const SUBJECTS: readonly Subject[] = ['link', 'plain', 'batched'];

/** Where the receiver listens for each of them. */
export type Addresses = Readonly<Record<Subject, string>>;

export interface LinkRun {
  readonly subject: Subject;
  readonly messages: number;
}

/** What the receiver counted, as it says so at the end of each run over the very transport under test. */
export interface Receipt {
  readonly received: number;
  /** Messages that were not the next one, or not what was sent. */
  readonly wrong: number;
}

/** Path of the bare calls. */
export const PLAIN_PATH = '/muster.bench.Bare/Plain';
export const BATCHED_PATH = '/muster.bench.Bare/Batched';
export const raw = { serialize: (bytes: Buffer): Buffer => bytes, deserialize: (bytes: Buffer): Buffer => bytes };

/** Of the bare streams: what our links set too and what makes a stream faster (no copies kept for retries, a wider window). */
export const BARE_OPTIONS = {
  'grpc.enable_retries': 0,
  'grpc-node.flow_control_window': GRPC_DEFAULTS.windowBytes,
};

const DATA = Buffer.from('{"userId":"1048576","fields":["status","party","clan"]}');
const TRACE = '';

/** A client's command, as a gateway sends it to a node. `n` counts from 1. */
export function command(n: number): EnvelopeInit {
  return {
    type: 'command',
    shard: 1 + (n & 1023),
    term: 3,
    trace: TRACE,
    body: {
      kind: 'player',
      id: '1048576',
      name: 'info',
      data: DATA,
      session: 'gateway-1#Zb3kQ0aX/4711',
      request: n,
      answered: n - 1,
      ttlMs: 5_000,
      caller: '1048576',
      flight: 1,
      call: n,
    },
  };
}

/** Bytes of one encoded command: what each message of the bare streams holds, too. */
export const MESSAGE_BYTES = encodeEnvelope(command(100_000)).length;

const FILLER = Buffer.alloc(MESSAGE_BYTES, 0x78);
const MARK = MESSAGE_BYTES - 4;

/** The bare streams' message: its number at both ends, the rest is the same each time. */
export function writeBare(into: Buffer, at: number, n: number): void {
  FILLER.copy(into, at);
  into.writeUInt32LE(n, at);
  into.writeUInt32LE(n, at + MARK);
}

export function isBare(bytes: Buffer, at: number, n: number): boolean {
  return bytes.readUInt32LE(at) === n && bytes.readUInt32LE(at + MARK) === n;
}

export function isCommand(data: Uint8Array): boolean {
  return data.length === DATA.length && data[0] === 0x7b && data[data.length - 1] === 0x7d;
}
