export * from './table/layout.js';
export * from './table/routing-table.js';
