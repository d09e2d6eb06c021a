import { causeOf, type Log, type Metrics } from '@muster/ports';
import {
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { parseInt8 } from './storable.js';

export interface PostgresDialectOptions {
  readonly url: string;
  readonly connectionsMax: number;
  readonly idleConnectionMs: number;
  /** Longest for one statement. */
  readonly deadlineMs: number;
  /** Longest until a connection is had. */
  readonly connectDeadlineMs: number;
  readonly metrics?: Metrics | undefined;
  readonly log?: Log | undefined;
}

/** kysely on a bounded pool of pg. Integers of 8 bytes are numbers, as in PGlite. */
export function postgresDialect(options: PostgresDialectOptions): PostgresDialect {
  return new PostgresDialect({ pool: boundedPool(options) });
}

const INT8 = 20;
const int8AsNumber: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === INT8 && format !== 'binary' ? parseInt8 : pg.types.getTypeParser(oid, format),
};

function boundedPool(options: PostgresDialectOptions): PostgresPool {
  const { url, connectionsMax, idleConnectionMs, deadlineMs, connectDeadlineMs, metrics, log } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    idleTimeoutMillis: idleConnectionMs,
    connectionTimeoutMillis: connectDeadlineMs,
    // The server ends what takes too long; where it is hung or gone, the driver does.
    statement_timeout: deadlineMs,
    query_timeout: deadlineMs,
    idle_in_transaction_session_timeout: deadlineMs,
    keepAlive: true,
    application_name: 'muster',
    types: int8AsNumber,
  });
  const lost = metrics?.counter('muster_storage_connections_lost_total', 'Connections to Postgres that broke.');
  // Without a listener a broken connection would end the process: the pool's own covers idle clients only, not one between two statements.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      lost?.add();
      log?.write('warn', 'storage.connection-lost', { cause: causeOf(error) });
    });
  });
  return { connect: async () => new WatchedClient(await pool.connect()), end: () => pool.end() };
}

/**
 * A pooled client that is not used again once a statement failed without an answer of the server: the old statement may still be
 * under way on it, and the next user would wait behind that.
 */
class WatchedClient implements PostgresPoolClient {
  private readonly client: pg.PoolClient;
  private unanswered = false;

  constructor(client: pg.PoolClient) {
    this.client = client;
  }

  query<Row>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  query(statement: unknown, parameters: readonly unknown[] = []): unknown {
    return this.ask(String(statement), parameters);
  }

  release(): void {
    this.client.release(this.unanswered);
  }

  private async ask(statement: string, parameters: readonly unknown[]): Promise<unknown> {
    try {
      return await this.client.query(statement, [...parameters]);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.unanswered = true;
      throw error;
    }
  }
}
