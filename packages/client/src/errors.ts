/**
 * What can go wrong, as far as the client can tell. The server's own error table stays on the server: here is what a program decides by.
 *
 * - `request_failed`: the server said no ({@link RequestFailed} has its reason); nothing happened.
 * - `timeout`: no response in time. `connection_lost`: the connection broke after the request was sent. Both: it may have happened.
 * - `too_many_requests`: more than `pendingMax` wait already; it was not sent.
 * - `closed`: the client was closed, or the server ended the session for good (signed in elsewhere, banned).
 * - `sign_in_failed`: the authorization server refused. `unreachable`: no connection in time, and nobody said why.
 * - `protocol_error`: the server sent what is no Tachyon. `bad_options`: a mistake of the caller.
 */
export type ClientErrorCode =
  | 'request_failed'
  | 'timeout'
  | 'connection_lost'
  | 'too_many_requests'
  | 'closed'
  | 'sign_in_failed'
  | 'unreachable'
  | 'protocol_error'
  | 'bad_options';

export class ClientError extends Error {
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}

/** A failed response. */
export class RequestFailed extends ClientError {
  readonly commandId: string;
  /** One of the command's reasons, or a generic one. */
  readonly reason: string;
  readonly details: string | undefined;

  constructor(commandId: string, reason: string, details: string | undefined) {
    super('request_failed', `${commandId} failed: ${reason}${details === undefined ? '' : ` (${details})`}`);
    this.name = 'RequestFailed';
    this.commandId = commandId;
    this.reason = reason;
    this.details = details;
  }
}

/** The server refused the connection itself, with an HTTP status. `final`: the same attempt will not succeed later. */
export class UpgradeRefused extends ClientError {
  readonly status: number;
  readonly final: boolean;
  /** What the server asks to wait. */
  readonly retryAfterMs: number;

  constructor(status: number, message: string, retryAfterMs: number) {
    super(status === 401 || status === 403 ? 'sign_in_failed' : 'unreachable', `${status}: ${message}`);
    this.name = 'UpgradeRefused';
    this.status = status;
    this.final = status === 400 || status === 403 || status === 404;
    this.retryAfterMs = retryAfterMs;
  }
}
