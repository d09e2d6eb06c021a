export { MAX_OPERATIONS, MAX_TRANSACTION_BYTES } from './cluster-store/transaction-limits.js';
export { type MemoryStoreOptions, memoryStoreDefaults } from './memory-store/options.js';
export type { MemoryStorePath } from './memory-store/path.js';
export { MemoryStoreServer } from './memory-store/server.js';
export { MemoryStore } from './memory-store/store.js';
