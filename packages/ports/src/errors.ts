/**
 * Every error that crosses a boundary, in one table. `retryable`: the same request may succeed later, unchanged, and did no harm.
 * `grpc`: status name on internal calls. `tachyon`: generic failure reason shown to game clients. `close`: WebSocket close code, or null
 * where the connection stays. `{name}` in a message is filled from the error's details. `docs/errors.md` is held against this by a test.
 */
export const ERRORS = {
  // Ownership and routing
  NOT_OWNER: row(
    'shard {shard} is not owned by {peer} in term {term}',
    true,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  NO_OWNER: row('shard {shard} has no owner at the moment', true, 'UNAVAILABLE', 'internal_error', null),
  SHARD_MOVING: row('shard {shard} is changing its owner', true, 'UNAVAILABLE', 'internal_error', null),
  STALE_TERM: row(
    'shard {shard}: term {term} is older than {current}',
    false,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  STALE_EPOCH: row('epoch {epoch} is older than {current}', false, 'FAILED_PRECONDITION', 'internal_error', null),
  SELF_FENCED: row(
    'the owner of shard {shard} has had no good acknowledgement from a coordinator for too long',
    true,
    'UNAVAILABLE',
    'internal_error',
    null,
  ),
  UNREACHABLE: row('no link to {peer}', true, 'UNAVAILABLE', 'internal_error', null),
  HOLD_FULL: row('too much is waiting for shard {shard}', true, 'RESOURCE_EXHAUSTED', 'internal_error', null),
  SOLO_SHARDS_TAKEN: row(
    'all {max} shards for single entities are taken',
    false,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  // Actors
  DEADLINE_EXCEEDED: row('not done within {ms} ms', true, 'DEADLINE_EXCEEDED', 'internal_error', null),
  MAILBOX_FULL: row('{entity} has too many commands waiting', true, 'RESOURCE_EXHAUSTED', 'internal_error', null),
  ACTIVATION_FAILED: row('{entity} cannot be activated: {cause}', true, 'UNAVAILABLE', 'internal_error', null),
  ACTOR_FAILED: row('{entity} failed while handling {command}', false, 'INTERNAL', 'internal_error', null),
  SERVICE_FAILED: row('{entity} failed while doing {command}', true, 'UNAVAILABLE', 'internal_error', null),
  UNKNOWN_KIND: row('no actor kind is called {kind}', false, 'INVALID_ARGUMENT', 'invalid_request', null),
  UNKNOWN_COMMAND: row('{kind} has no command {command}', false, 'UNIMPLEMENTED', 'command_unimplemented', null),
  INVALID_ENTITY: row('{entity} is no entity: kind/id is expected', false, 'INVALID_ARGUMENT', 'invalid_request', null),
  TOO_OLD: row(
    'request {request} of {session} is older than what is remembered',
    false,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  REFUSED: row('{reason}', false, 'FAILED_PRECONDITION', 'invalid_request', null),
  STOPPING: row('{peer} is stopping', true, 'UNAVAILABLE', 'internal_error', null),
  // Cluster store and storage
  STORE_UNAVAILABLE: row('the cluster store does not answer: {cause}', true, 'UNAVAILABLE', 'internal_error', null),
  STORE_FULL: row('the cluster store takes no writes: {cause}', true, 'RESOURCE_EXHAUSTED', 'internal_error', null),
  STORE_OUTCOME_UNKNOWN: row(
    'the cluster store did not say whether the write happened: {cause}',
    true,
    'UNKNOWN',
    'internal_error',
    null,
  ),
  STORE_MISMATCH: row(
    'the cluster store holds {found}, this process has {mine}',
    false,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  LEASE_EXPIRED: row('lease {lease} is gone', false, 'NOT_FOUND', 'internal_error', null),
  STORAGE_UNAVAILABLE: row('storage does not answer: {cause}', true, 'UNAVAILABLE', 'internal_error', null),
  STORAGE_MISMATCH: row(
    'storage holds {found}, {expected} is expected',
    false,
    'FAILED_PRECONDITION',
    'internal_error',
    null,
  ),
  STATE_DAMAGED: row(
    'what is stored of {entity} in shard {shard} cannot be read: {cause}',
    false,
    'DATA_LOSS',
    'internal_error',
    null,
  ),
  STATE_TOO_NEW: row(
    '{entity} was saved in version {version} of its kind, this build reads up to {readable}',
    true,
    'UNAVAILABLE',
    'internal_error',
    null,
  ),
  ALREADY_EXISTS: row('{what} exists already', false, 'ALREADY_EXISTS', 'invalid_request', null),
  NOT_FOUND: row('{what} is not known', false, 'NOT_FOUND', 'invalid_request', null),
  // Links
  ADDRESS_IN_USE: row('another process listens at {address}', false, 'UNAVAILABLE', 'internal_error', null),
  FOLDER_IN_USE: row('the data folder is in use: {cause}', false, 'UNAVAILABLE', 'internal_error', null),
  BAD_FRAME: row('a frame from {peer} cannot be decoded: {cause}', false, 'INVALID_ARGUMENT', 'internal_error', null),
  UNKNOWN_PEER: row('{peer} is not part of this cluster: {cause}', false, 'PERMISSION_DENIED', 'internal_error', null),
  LINK_OVERRUN: row(
    '{peer} sent more than its credit on lane {lane}',
    false,
    'RESOURCE_EXHAUSTED',
    'internal_error',
    null,
  ),
  // Clients
  INVALID_REQUEST: row('{details}', false, 'INVALID_ARGUMENT', 'invalid_request', null),
  COMMAND_UNIMPLEMENTED: row('{command} is not known here', false, 'UNIMPLEMENTED', 'command_unimplemented', null),
  UNAUTHENTICATED: row('{details}', false, 'UNAUTHENTICATED', 'unauthorized', null),
  UNAUTHORIZED: row('{details}', false, 'PERMISSION_DENIED', 'unauthorized', null),
  BAD_MESSAGE: row('{details}', false, 'INVALID_ARGUMENT', 'invalid_request', 1008),
  BINARY_FRAME: row('only text frames are understood here', false, 'INVALID_ARGUMENT', 'invalid_request', 1003),
  FRAME_TOO_LARGE: row('a frame may have at most {max} bytes', false, 'RESOURCE_EXHAUSTED', 'invalid_request', 1009),
  RATE_LIMITED: row('too many messages', true, 'RESOURCE_EXHAUSTED', 'invalid_request', 1008),
  TOO_MANY_LOGINS: row(
    'too many logins, try again in {retryAfterMs} ms',
    true,
    'RESOURCE_EXHAUSTED',
    'invalid_request',
    null,
  ),
  SUPERSEDED: row('this player has signed in elsewhere', false, 'ABORTED', 'unauthorized', 1000),
  SLOW_READER: row('the client reads too slowly', true, 'RESOURCE_EXHAUSTED', 'internal_error', 1013),
  IDLE: row('nothing was received for {ms} ms', true, 'CANCELLED', 'internal_error', 1008),
  // Operations
  BAD_CONFIG: row('{details}', false, 'INVALID_ARGUMENT', 'internal_error', null),
  BREAK_GLASS_REFUSED: row('the glass is not broken: {cause}', false, 'PERMISSION_DENIED', 'unauthorized', null),
  NOT_LEADER: row('{peer} does not lead; {leader} does', true, 'FAILED_PRECONDITION', 'internal_error', null),
  TOO_MANY_REQUESTS: row('more than {max} requests are under way', true, 'RESOURCE_EXHAUSTED', 'internal_error', null),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface ErrorRow {
  readonly message: string;
  readonly retryable: boolean;
  readonly grpc: string;
  readonly tachyon: 'internal_error' | 'unauthorized' | 'invalid_request' | 'command_unimplemented';
  readonly close: number | null;
}

function row(
  message: string,
  retryable: boolean,
  grpc: string,
  tachyon: ErrorRow['tachyon'],
  close: number | null,
): ErrorRow {
  return { message, retryable, grpc, tachyon, close };
}

const MARK = Symbol.for('muster.error');

/** The only error that our own code throws across a boundary. `code` is stable; the text may change. */
export class MusterError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly [MARK] = true;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(fill(ERRORS[code].message, details), options);
    this.name = 'MusterError';
    this.code = code;
    this.details = details;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** True for a MusterError of any copy of this package. */
export function isMusterError(error: unknown): error is MusterError {
  return typeof error === 'object' && error !== null && MARK in error;
}

/** The code where it is one of ours, else undefined. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return isMusterError(error) ? error.code : undefined;
}

/** A foreign error's text for a `cause` detail: one line, bounded. */
export function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 200);
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in details ? String(details[name]) : whole));
}
