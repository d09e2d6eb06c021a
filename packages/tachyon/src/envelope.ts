import { MusterError } from '@muster/ports';
import type { TachyonOptions } from './options.js';
import { hasProtoKey, nestsDeeperThan } from './scan.js';

export interface RequestMessage {
  readonly type: 'request';
  readonly messageId: string;
  readonly commandId: string;
  /** Unchecked; undefined where it was absent. */
  readonly data: unknown;
}

export interface EventMessage {
  readonly type: 'event';
  readonly messageId: string;
  readonly commandId: string;
  readonly data: unknown;
}

export interface ResponseMessage {
  readonly type: 'response';
  readonly messageId: string;
  readonly commandId: string;
  readonly status: 'success' | 'failed';
  /** Empty on success. */
  readonly reason: string;
  readonly details: string | undefined;
  readonly data: unknown;
}

export type Message = RequestMessage | EventMessage | ResponseMessage;

/**
 * Reads one text frame: limits first, then JSON, then the envelope's own fields; `data` is left to the command's schema.
 * @throws MusterError FRAME_TOO_LARGE, or BAD_MESSAGE with details that say which rule was broken. Both end the connection.
 */
export function parseMessage(text: string, options: TachyonOptions): Message {
  if (text.length > options.frameLengthMax) throw new MusterError('FRAME_TOO_LARGE', { max: options.frameLengthMax });
  if (nestsDeeperThan(text, options.depthMax)) throw bad(`more than ${options.depthMax} levels deep`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('not a JSON object');
  if (hasProtoKey(text, value)) throw bad('a key is called __proto__');
  return readEnvelope(value as Readonly<Record<string, unknown>>, options);
}

function readEnvelope(fields: Readonly<Record<string, unknown>>, options: TachyonOptions): Message {
  const { type, data } = fields;
  if (type !== 'request' && type !== 'response' && type !== 'event')
    throw bad('type must be request, response or event');
  const messageId = shortText(fields.messageId, 'messageId', options.messageIdLengthMax);
  const commandId = shortText(fields.commandId, 'commandId', options.commandIdLengthMax);
  if (type !== 'response') return { type, messageId, commandId, data };
  const { status, reason, details } = fields;
  if (status !== 'success' && status !== 'failed') throw bad('status must be success or failed');
  if (status === 'failed' && typeof reason !== 'string') throw bad('reason must be a string');
  return {
    type,
    messageId,
    commandId,
    status,
    reason: status === 'failed' ? (reason as string) : '',
    details: typeof details === 'string' ? details : undefined,
    data,
  };
}

function shortText(value: unknown, field: string, lengthMax: number): string {
  if (typeof value !== 'string' || value.length === 0) throw bad(`${field} must be a string that is not empty`);
  if (value.length > lengthMax) throw bad(`${field} may have at most ${lengthMax} characters`);
  return value;
}

function bad(details: string): MusterError {
  return new MusterError('BAD_MESSAGE', { details });
}
