export * from './envelope.js';
export { CREDIT_LANES, type CreditLane, LANES, type Lane } from './frame.js';
export type * from './generated/link.js';
export { GrpcNetwork, type GrpcNetworkSetup, type MutualTls } from './grpc-network.js';
export * from './link.js';
export * from './loopback-network.js';
export * from './options.js';
