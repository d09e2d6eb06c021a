export type * from './admin/documents.js';
