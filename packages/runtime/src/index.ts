export * from './actor.js';
export * from './define.js';
export * from './host.js';
