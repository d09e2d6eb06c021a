export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of one log line. `error` may be an Error: its code and message are written, its stack at debug level only. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One line per change of state, none per command. `event` is a short dotted name (`node.joined`), everything else is a field:
 * epoch, shard, term, entity, trace, peer.
 */
export interface Log {
  write(level: LogLevel, event: string, fields?: LogFields): void;
  /** The same log with `fields` on every line. */
  with(fields: LogFields): Log;
}

/** Writes nowhere. */
export const silentLog: Log = { write: () => undefined, with: () => silentLog };
