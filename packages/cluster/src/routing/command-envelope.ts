import { type ErrorCode, entityKey, isErrorCode, type PeerId } from '@muster/ports';
import type { CommandInit, EnvelopeInit } from '@muster/wire';
import type { ErrorData } from './call.js';
import type { Route } from './protocol.js';
import type { Pending } from './waiting-line.js';

export type CommandEnvelope = Extract<EnvelopeInit, { readonly type: 'command' }>;

/** A call as it travels. `ttlMs` 0: no deadline. */
export function commandEnvelope(
  { call, key, shard }: Pending,
  route: Route,
  ttlMs: number,
  self: PeerId,
): CommandEnvelope {
  const { entity, name, data, origin, trace, cause } = call;
  const body = { kind: entity.kind, id: entity.id, name, data, ttlMs, replyTo: self, cause, flight: route.flight };
  return { type: 'command', shard, term: route.place.term, trace, body: { ...body, ...originFields(origin, key) } };
}

function originFields(origin: Pending['call']['origin'], key: string): CommandInit {
  switch (origin.type) {
    case 'client': {
      const { session, request, answered, caller } = origin;
      return { session, request, answered, caller };
    }
    case 'entity':
      return { sender: entityKey(origin.from), number: origin.number };
    case 'admin':
      return { request: Number(key.slice(1)), caller: origin.who };
  }
}

/** What an answer is found by: the session's request, the actor's outbox number, or an operator's request. */
export function replyKey(session: string, recipient: string, request: number, number: number): string {
  if (session !== '') return `${session}:${request}`;
  return recipient !== '' ? `${recipient}#${number}` : `:${request}`;
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
