// A frame: envelopes of three lanes and credits. In protobuf, entries of repeated fields may come interleaved, so an
// envelope is written straight into the frame that is open, whatever its lane, and its size is known at once.
import { badFrame } from './envelope.js';
import {
  type Envelope,
  type EnvelopeInit,
  readCredit,
  readEnvelope,
  writeCredit,
  writeEnvelope,
} from './generated/link.js';
import type { KnownStrings } from './known-strings.js';
import { newWriter, type Reader, readerOf, refused, type Writer, wrongField, wrongLength } from './protobuf.js';

/** K15: control is always read; replication and data have credit of their own. */
export type Lane = 'control' | 'replication' | 'data';
export type CreditLane = Exclude<Lane, 'control'>;

export const LANES: readonly Lane[] = ['control', 'replication', 'data'];
export const CREDIT_LANES: readonly CreditLane[] = ['replication', 'data'];

/** Field numbers in `Frame`, also what `Credit.lane` holds. */
const FIELD = { control: 1, replication: 2, data: 3, credits: 4 } as const;
const TAG = { control: 10, replication: 18, data: 26, credits: 34 } as const;

/** A writer that one huge envelope stretched is not kept. */
const KEPT_WRITER_BYTES = 512 * 1024;

/** One credit as it travels. */
export interface Grant {
  readonly lane: CreditLane;
  readonly messages: number;
  readonly bytes: number;
}

/** The frame being filled. */
export class FrameWriter {
  private writer: Writer = newWriter();
  private readonly envelopeBytesMax: number;

  constructor(envelopeBytesMax: number) {
    this.envelopeBytesMax = envelopeBytesMax;
  }

  get bytes(): number {
    return this.writer.pos;
  }

  /** Appends; returns the envelope's own size. @throws MusterError BAD_FRAME; the frame is then as it was. */
  add(lane: Lane, envelope: EnvelopeInit): number {
    const { writer } = this;
    const start = writer.pos;
    writer.uint32(TAG[lane]);
    return this.measured(start, () => writeEnvelope(writer, envelope));
  }

  /** Appends an envelope that was encoded earlier. */
  addEncoded(lane: Lane, bytes: Uint8Array): void {
    this.writer.uint32(TAG[lane]).bytes(bytes);
  }

  addCredit(grant: Grant): void {
    const start = this.writer.pos;
    this.writer.uint32(TAG.credits);
    this.measured(start, () => writeCredit(this.writer, { ...grant, lane: FIELD[grant.lane] }));
  }

  /** The frame's bytes, its own copy; the next frame starts empty. */
  take(): Uint8Array {
    const { writer } = this;
    const frame = writer.finish();
    writer.reset();
    if (frame.length > KEPT_WRITER_BYTES) this.writer = newWriter();
    return frame;
  }

  private measured(start: number, write: () => void): number {
    const { writer } = this;
    writer.fork();
    const body = writer.pos;
    try {
      write();
      const size = writer.pos - body;
      if (size > this.envelopeBytesMax)
        throw refused(`an envelope of ${size} bytes, ${this.envelopeBytesMax} are allowed`);
      writer.ldelim();
      return size;
    } catch (error) {
      // Each reset undoes the innermost open message, the last one ours.
      while (writer.pos >= body) writer.reset();
      writer.pos = start;
      throw error;
    }
  }
}

/** Envelopes of one lane with the bytes each took, for the lane's credit. */
export interface LaneBatch {
  readonly envelopes: Envelope[];
  readonly sizes: number[];
}

export interface DecodedFrame {
  readonly control: LaneBatch;
  readonly replication: LaneBatch;
  readonly data: LaneBatch;
  readonly credits: Grant[];
}

/** All of the frame or nothing: a frame with one bad envelope is refused whole. @throws MusterError BAD_FRAME and nothing else. */
export function decodeFrame(bytes: Uint8Array, envelopeBytesMax: number, known?: KnownStrings): DecodedFrame {
  const frame: DecodedFrame = { control: batch(), replication: batch(), data: batch(), credits: [] };
  try {
    const reader = readerOf(bytes, known);
    while (reader.pos < bytes.length) readEntry(reader, frame, envelopeBytesMax);
  } catch (error) {
    throw badFrame(error);
  }
  return frame;
}

function readEntry(reader: Reader, frame: DecodedFrame, envelopeBytesMax: number): void {
  const tag = reader.tag();
  switch (tag) {
    case TAG.control:
      readInto(frame.control, reader, envelopeBytesMax);
      return;
    case TAG.replication:
      readInto(frame.replication, reader, envelopeBytesMax);
      return;
    case TAG.data:
      readInto(frame.data, reader, envelopeBytesMax);
      return;
    case TAG.credits: {
      const credit = readCredit(reader, reader.size() + reader.pos);
      if (credit.lane !== FIELD.replication && credit.lane !== FIELD.data) throw wrongField('Credit', credit.lane << 3);
      frame.credits.push({ ...credit, lane: credit.lane === FIELD.data ? 'data' : 'replication' });
      return;
    }
    default:
      throw wrongField('Frame', tag);
  }
}

function readInto(batch: LaneBatch, reader: Reader, envelopeBytesMax: number): void {
  const size = reader.size();
  if (size > envelopeBytesMax) throw wrongLength('Envelope');
  batch.envelopes.push(readEnvelope(reader, reader.pos + size));
  batch.sizes.push(size);
}

function batch(): LaneBatch {
  return { envelopes: [], sizes: [] };
}
