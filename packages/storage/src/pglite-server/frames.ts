// What clients of Postgres send (protocol 3.0, https://www.postgresql.org/docs/current/protocol-message-formats.html), cut where the session
// may be left to another client: a message without a type first, then messages of one byte of type and four of length.

/** What a client wants next. `startup` and `batch`: bytes for the database. */
export type Wish =
  | { readonly type: 'encryption' }
  | { readonly type: 'startup' | 'batch'; readonly bytes: Uint8Array }
  | { readonly type: 'goodbye' };

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
const LENGTH_BYTES = 4;
const HEADER_BYTES = 5;

const READY_FOR_QUERY = code('Z');
const TERMINATE = code('X');
/** After these a client waits for an answer: Query, Sync, Flush, FunctionCall, CopyDone, CopyFail. */
const ENDS = new Set(['Q', 'S', 'H', 'F', 'c', 'f'].map(code));

/** Outside a transaction, inside one, inside one that failed. */
export type SessionStatus = 'I' | 'T' | 'E';

/** One client's bytes as they come, cut into what the database is to be asked at once. */
export class ClientFrames {
  private rest = Buffer.alloc(0);
  /** What came since, put together when it is enough: a long request comes in thousands of pieces. */
  private newer: Buffer[] = [];
  private newerBytes = 0;
  /** With fewer there is nothing to look at. */
  private neededBytes = 2 * LENGTH_BYTES;
  /** Whole messages before the end of a batch, in bytes. */
  private begun = 0;
  private hasStarted = false;

  push(data: Buffer): void {
    this.newer.push(data);
    this.newerBytes += data.length;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.rest.length + this.newerBytes;
  }

  /** The next whole one; undefined: more has to come. @throws RangeError where a length is none */
  next(): Wish | undefined {
    if (this.length < this.neededBytes) return undefined;
    if (this.newerBytes > 0) {
      this.rest = Buffer.concat([this.rest, ...this.newer]);
      this.newer = [];
      this.newerBytes = 0;
    }
    return this.hasStarted ? this.batch() : this.opening();
  }

  private opening(): Wish | undefined {
    const { rest } = this;
    this.neededBytes = Math.max(2 * LENGTH_BYTES, lengthAt(rest, 0));
    if (rest.length < this.neededBytes) return undefined;
    const request = rest.readInt32BE(LENGTH_BYTES);
    if (request === SSL_REQUEST || request === GSS_REQUEST) {
      this.take(this.neededBytes);
      this.neededBytes = 2 * LENGTH_BYTES;
      return { type: 'encryption' };
    }
    // One session has nobody to interrupt: who cancels gets no answer, as the protocol has it.
    if (request === CANCEL_REQUEST) return { type: 'goodbye' };
    this.hasStarted = true;
    return { type: 'startup', bytes: this.take(this.neededBytes) };
  }

  private batch(): Wish | undefined {
    const { rest } = this;
    for (let at = this.begun; ; ) {
      this.begun = at;
      this.neededBytes = at + HEADER_BYTES;
      if (this.neededBytes > rest.length) return undefined;
      const type = rest[at]!;
      if (type === TERMINATE) return { type: 'goodbye' };
      const end = at + 1 + lengthAt(rest, at + 1);
      this.neededBytes = end;
      if (end > rest.length) return undefined;
      if (ENDS.has(type)) return { type: 'batch', bytes: this.take(end) };
      at = end;
    }
  }

  private take(length: number): Uint8Array {
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    this.begun = 0;
    if (this.hasStarted) this.neededBytes = HEADER_BYTES;
    return taken;
  }
}

/** What the database's answer says of the session in the end; undefined: it waits for more of this client. */
export function statusAfter(answer: Uint8Array): SessionStatus | undefined {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  let status: SessionStatus | undefined;
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += 1 + lengthAt(bytes, at + 1))
    status =
      bytes[at] === READY_FOR_QUERY ? (String.fromCharCode(bytes[at + HEADER_BYTES]!) as SessionStatus) : undefined;
  return status;
}

/** Ends whatever was begun and not ended: an unfinished pipeline, then a transaction. */
export const ABANDON: readonly Uint8Array[] = [message('S'), message('Q', 'rollback\0')];

/** A client is told why, and that this is its end. `state`: SQLSTATE. */
export function fatal(state: string, text: string): Uint8Array {
  return message('E', `SFATAL\0VFATAL\0C${state}\0M${text}\0\0`);
}

function message(type: string, text = ''): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES + Buffer.byteLength(text));
  bytes.write(type, 0, 'latin1');
  bytes.writeInt32BE(bytes.length - 1, 1);
  bytes.write(text, HEADER_BYTES);
  return bytes;
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at);
  if (length < LENGTH_BYTES) throw new RangeError(`a message of ${length} bytes`);
  return length;
}

function code(type: string): number {
  return type.charCodeAt(0);
}
