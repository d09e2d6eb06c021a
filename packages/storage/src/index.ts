export { MAX_OPERATIONS, MAX_TRANSACTION_BYTES } from './cluster-store/transaction-limits.js';
export { ensureBot } from './database/ensure-bot.js';
export { MemoryStorage } from './database/memory-storage.js';
export { type OpenPglite, openPglite } from './database/open-pglite.js';
export { type OpenStorage, openStorage } from './database/open-storage.js';
export { DATABASE_DEFAULTS, type DatabaseOptions, databaseOptions } from './database/options.js';
export {
  type PostgresServer,
  postgresBinaries,
  type StartPostgres,
  startPostgres,
} from './database/system-postgres-server.js';
export type { EtcdTls } from './etcd-store/members.js';
export { type EtcdStoreOptions, etcdStoreDefaults } from './etcd-store/options.js';
export { EtcdStore, type EtcdStoreConfig } from './etcd-store/store.js';
export { findProgram, LocalEtcd } from './etcd-store/system-local-etcd.js';
export { type MemoryStoreOptions, memoryStoreDefaults } from './memory-store/options.js';
export type { MemoryStorePath } from './memory-store/path.js';
export { MemoryStoreServer } from './memory-store/server.js';
export { MemoryStore } from './memory-store/store.js';
export { PGLITE_SERVER_DEFAULTS, type PgliteServerOptions } from './pglite-server/options.js';
export { PgliteServer, type PgliteServerSetup } from './pglite-server/server.js';
export { refusalOf } from './shard-store/admission.js';
export { MemoryShardServer } from './shard-store/memory-shard-server.js';
export { MemoryShardStore } from './shard-store/memory-shard-store.js';
export { SHARD_STORE_DEFAULTS, type ShardStoreOptions, shardStoreOptions } from './shard-store/options.js';
export { SqlShardStore } from './shard-store/sql-shard-store.js';
