export * from './node/cluster-access.js';
export * from './routing/call.js';
export * from './streams/subscription.js';
export * from './table/layout.js';
export * from './table/routing-table.js';
