import { ERRORS, isErrorCode } from '@muster/ports';

/** Exit codes of every command: scripts rely on them, so they never change their meaning. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unreachable: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why a command ends without its answer: a sentence for people, what to try next, and the exit code. Never leaves this package. */
export class Failure extends Error {
  readonly exit: ExitCode;
  /** Empty where there is nothing to try. */
  readonly hint: string;
  /** The coordinator's error code; empty where it is not its error. */
  readonly code: string;

  constructor(exit: ExitCode, message: string, { hint = '', code = '' } = {}) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
    this.hint = hint;
    this.code = code;
  }

  /** The same question may be answered a moment later: nobody was there, or nobody led. */
  get passes(): boolean {
    return this.exit === EXIT.unreachable || this.code === 'NOT_LEADER';
  }
}

const EXIT_BY_GRPC: Readonly<Record<string, ExitCode>> = {
  INVALID_ARGUMENT: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.denied,
  PERMISSION_DENIED: EXIT.denied,
  FAILED_PRECONDITION: EXIT.conflict,
  ALREADY_EXISTS: EXIT.conflict,
  ABORTED: EXIT.conflict,
  UNAVAILABLE: EXIT.unreachable,
  DEADLINE_EXCEEDED: EXIT.unreachable,
};

const EXIT_BY_HTTP: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.denied,
  403: EXIT.denied,
  404: EXIT.notFound,
  409: EXIT.conflict,
  503: EXIT.unreachable,
  504: EXIT.unreachable,
};

/** By the error's code where this version knows it, else by the HTTP status it came with. */
export function exitCodeOf(code: string, status: number): ExitCode {
  const known = isErrorCode(code) ? EXIT_BY_GRPC[ERRORS[code].grpc] : EXIT_BY_HTTP[status];
  return known ?? EXIT.failed;
}
