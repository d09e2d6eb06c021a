import { type ErrorCode, entityKey, isErrorCode } from '@muster/ports';
import type { CommandInit, EnvelopeInit } from '@muster/wire';
import type { ErrorData } from './call.js';
import type { Route } from './protocol.js';
import type { Pending } from './waiting-line.js';

export type CommandEnvelope = Extract<EnvelopeInit, { readonly type: 'command' }>;

/** A call as it travels. `ttlMs` 0: no deadline. Written out, with every field in every case: objects of one shape are made fast. */
export function commandEnvelope({ call, number, shard }: Pending, route: Route, ttlMs: number): CommandEnvelope {
  const { entity, name, data, origin, trace, cause } = call;
  const client = origin.type === 'client' ? origin : undefined;
  const sender = origin.type === 'entity' ? origin : undefined;
  const body: CommandInit = {
    kind: entity.kind,
    id: entity.id,
    name,
    data,
    session: client ? client.session : '',
    request: client ? client.request : origin.type === 'admin' ? number : 0,
    answered: client ? client.answered : 0,
    sender: sender ? entityKey(sender.from) : '',
    number: sender ? sender.number : 0,
    ttlMs,
    // What a client's own command causes, its receiver knows from session and request.
    cause: client && cause === `${client.session}:${client.request}` ? '' : cause,
    caller: client ? client.caller : origin.type === 'admin' ? origin.who : '',
    flight: route.flight,
    call: number,
  };
  return { type: 'command', shard, term: route.place.term, trace, body };
}

export function errorCode(text: string): ErrorCode {
  return isErrorCode(text) ? text : 'ACTOR_FAILED';
}

/** An error's details. Nothing where they are not a JSON object: the code alone must do. */
export function errorDetails(data: Uint8Array): ErrorData {
  if (data.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ErrorData) : {};
  } catch {
    return {};
  }
}
