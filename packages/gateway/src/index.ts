export * from './core/client-socket.js';
export { GatewayCore, type GatewayCoreSetup, type Health } from './core/core.js';
export { GATEWAY_DEFAULTS, type GatewayOptions, gatewayOptions } from './core/options.js';
export { GATEWAY_SERVER_DEFAULTS, type GatewayServerOptions, gatewayServerOptions } from './http/options.js';
export { GatewayServer, type GatewayServerSetup } from './http/server.js';
export {
  EMBEDDED_ISSUER_DEFAULTS,
  type EmbeddedIssuerOptions,
  EXTERNAL_ISSUER_DEFAULTS,
  type ExternalIssuerOptions,
  type OAuthChanges,
  type OAuthOptions,
  oauthOptions,
} from './oauth/options.js';
