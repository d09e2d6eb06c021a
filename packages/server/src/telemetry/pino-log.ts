import { isMusterError, type Log, type LogFields, type LogLevel } from '@muster/ports';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Fields that never leave the process, wherever in a line they stand. */
const SECRET_FIELDS = [
  'secret',
  'password',
  'token',
  'authorization',
  'access_token',
  'refresh_token',
  'code_verifier',
];

export interface PinoLogSetup {
  readonly level: LogLevel;
  /** On every line: node, role. */
  readonly fields: LogFields;
  /** Where lines go; standard error where absent, since standard output belongs to what a command prints. */
  readonly destination?: DestinationStream;
}

/** The log as JSON lines: `{"level":"info","time":"…","event":"node.joined","node":"node-1",…}`. */
export function pinoLog({ level, fields, destination }: PinoLogSetup): Log {
  const logger = pino(
    {
      level,
      base: { ...fields },
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    destination ?? standardError(),
  );
  return wrap(logger);
}

/**
 * Not pino's own destination: at exit it writes what is left again and again while nobody reads, so a process whose parent is gone would never end.
 * Whoever reads may end first, which is no reason to fall.
 */
function standardError(): DestinationStream {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => undefined);
  return process.stderr;
}

function wrap(logger: Logger): Log {
  return {
    write: (level, event, fields) => {
      if (logger.isLevelEnabled(level)) logger[level](printable(fields, logger.isLevelEnabled('debug')), event);
    },
    with: (fields) => wrap(logger.child({ ...printable(fields, false) })),
  };
}

/** Errors as code and message; the stack only where somebody debugs. */
function printable(fields: LogFields | undefined, stacks: boolean): Record<string, unknown> {
  if (!fields) return {};
  const { error, ...rest } = fields;
  if (!(error instanceof Error)) return { ...fields };
  return {
    ...rest,
    ...(isMusterError(error) ? { code: error.code } : {}),
    error: error.message,
    ...(stacks || !isMusterError(error) ? { stack: error.stack } : {}),
  };
}
