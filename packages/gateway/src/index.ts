export * from './core/client-socket.js';
export { GatewayCore, type GatewayCoreSetup, type Health } from './core/core.js';
export { GATEWAY_DEFAULTS, type GatewayOptions, gatewayOptions } from './core/options.js';
