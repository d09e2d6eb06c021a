/** Limits of a PGlite that is served like a Postgres. */
export interface PgliteServerOptions {
  /** Connections at once. Lower: processes wait for their first connection. Higher: more sockets. */
  readonly connectionsMax: number;
  /** Longest request, its parameters included. Lower: long actors cannot be stored. Higher: one client may take that much memory. */
  readonly requestBytesMax: number;
  /**
   * Longest between two statements of one transaction, while which nobody else is served. Lower: busy processes lose transactions.
   * Higher: a process that is stopped in the middle of one holds up all the others for longer.
   */
  readonly idleInTransactionMs: number;
}

export const PGLITE_SERVER_DEFAULTS: PgliteServerOptions = {
  connectionsMax: 100,
  requestBytesMax: 64 * 1024 * 1024,
  idleInTransactionMs: 1_000,
};
