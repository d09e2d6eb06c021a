export * from './chat/contract.js';
export * from './match/contract.js';
export * from './player/account.js';
export * from './player/contract.js';
export { missedAfter } from './player/inbox.js';
export * from './player/options.js';
export * from './player/player.js';
export type { PlayerState, Session } from './player/state.js';
export * from './requests/contract.js';
