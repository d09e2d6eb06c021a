export * from './actor.js';
export * from './host.js';
