export { reconnectDelay } from './back-off.js';
export * from './client.js';
export type { ConnectionState } from './connection.js';
export * from './errors.js';
export { type Fetch, Http, type Metadata } from './http.js';
export * from './options.js';
export { followToRedirect } from './redirect.js';
export * from './sign-in.js';
export { nodeSocket, type Socket, type SocketEvents, type SocketFactory } from './socket.js';
