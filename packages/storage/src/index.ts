export { MAX_OPERATIONS, MAX_TRANSACTION_BYTES } from './cluster-store/transaction-limits.js';
export { ensureBot } from './database/ensure-bot.js';
export { MemoryStorage } from './database/memory-storage.js';
export { type OpenStorage, openStorage } from './database/open-storage.js';
export { DATABASE_DEFAULTS, type DatabaseOptions, databaseOptions } from './database/options.js';
export { type MemoryStoreOptions, memoryStoreDefaults } from './memory-store/options.js';
export type { MemoryStorePath } from './memory-store/path.js';
export { MemoryStoreServer } from './memory-store/server.js';
export { MemoryStore } from './memory-store/store.js';
